"""What every screen has: frame, reviewer, address, progress of jobs."""
