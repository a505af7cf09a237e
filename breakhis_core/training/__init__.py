"""From a request to a run folder."""
