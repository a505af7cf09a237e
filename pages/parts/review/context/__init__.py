"""What surrounds the image on screen in Review: a file for each question, and the panel with the answers."""
