"""Thumbnails in groups under a heading each."""
