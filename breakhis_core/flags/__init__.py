"""The list of flags, out and in, in every format. A flag itself is stored by ``reviews``."""
