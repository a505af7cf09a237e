"""The viewer: a picture with the class maps over it."""
