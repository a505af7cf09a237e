"""The pad: what a reviewer says of the image on screen."""
