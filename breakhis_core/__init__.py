"""Everything of BreakHis Review that is not a screen: data, runs, numbers, reviews, jobs."""
