"""Where a model looked, by every method, and what each map is worth."""
