"""Facets: for each property of a list, how many images have which value."""
