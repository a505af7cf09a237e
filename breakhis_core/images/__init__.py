"""Images: their names, pixels, catalogue, data sets, thumbnails and quality scores."""
