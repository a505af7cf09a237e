"""Sweeps: one training after another over a grid of settings."""
