"""A run on disk, and what one can ask it: its predictor, its queues, its neighbours."""

from breakhis_core.runs.folder import PARTS, PREDICTION_COLUMNS, PROBABILITIES, RUN_FILES, RunRefusedError
from breakhis_core.runs.run import Refused, Run, list_runs, open_run, run_folder, run_named
from breakhis_core.runs.writing import check_name, free_name, write_facts, writing_run

__all__ = [
    "PARTS",
    "PREDICTION_COLUMNS",
    "PROBABILITIES",
    "RUN_FILES",
    "Refused",
    "Run",
    "RunRefusedError",
    "check_name",
    "free_name",
    "list_runs",
    "open_run",
    "run_folder",
    "run_named",
    "write_facts",
    "writing_run",
]
