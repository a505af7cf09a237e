"""Parts that several screens share: frame, viewer, picture routes."""
