"""Phantoms: painted stand-ins for tissue, so that the product can be shown without images."""
