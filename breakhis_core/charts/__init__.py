"""Charts as declarations, the same on the screen, in a report and on paper."""
