"""Where a model looked, by other methods than a run's own (``networks.export``), and what each is worth."""
