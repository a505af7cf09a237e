"""The list of flags, out and in, in every format."""
