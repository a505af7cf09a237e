"""Parts of the Flags screen."""
