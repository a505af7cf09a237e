import multiprocessing

import pytest
from filelock import FileLock

from breakhis_core.progress import JobStopped
from breakhis_core.sweeps import trial


def _hold(file, held, enough):
    with FileLock(file):
        held.set()
        enough.wait(60)


def test_who_waits_for_another_process_may_stop_and_comes_next(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "_LOOK_EVERY", 0.05)
    spawned = multiprocessing.get_context("spawn")
    held, enough = spawned.Event(), spawned.Event()
    other = spawned.Process(target=_hold, args=(tmp_path / "frozen.lock", held, enough))
    other.start()
    assert held.wait(60)

    def stop():
        raise JobStopped

    with pytest.raises(JobStopped), trial._one_at_a_time(tmp_path / "frozen.lock", stop):
        pass
    with trial._one_at_a_time(tmp_path / "frozen.lock", enough.set):
        assert enough.is_set()
    other.join(60)
    assert other.exitcode == 0
