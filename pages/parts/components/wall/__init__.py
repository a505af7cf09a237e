"""The wall: thumbnails to look over and choose from."""
