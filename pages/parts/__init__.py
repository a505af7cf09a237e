"""Parts of the screens: a folder for each, and what they share."""
