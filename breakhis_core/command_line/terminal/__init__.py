"""What every command shares: answers, progress, Ctrl-C, and readers that go away."""
