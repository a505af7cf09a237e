"""What surrounds the image on screen in Review."""
