"""The plane: a plot with a point for each image."""
