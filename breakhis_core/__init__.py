"""Everything of BreakHis Review that is not a screen: data, runs, numbers, reviews, jobs."""

__version__ = "0.1.0"
