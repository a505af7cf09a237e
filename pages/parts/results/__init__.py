"""Parts of the Results screen."""
