"""Parts of the Sweeps screen."""
