"""The grid: a page of thumbnails to answer together."""
