"""Numbers as pure functions of arrays: classification, ranking, calibration, agreement, intervals."""
