"""Numbers as pure functions of arrays: classification, ranking, calibration, agreement, intervals.

A metric of runs is a row of ``results.metric_registry``, which names a function of here.
"""
