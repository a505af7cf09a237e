"""What runs in the browser: the viewer, the pad of answers, grids of thumbnails, facets."""
