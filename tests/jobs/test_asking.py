"""Jobs as processes: the test kinds below are put into the child by a ``sitecustomize`` of its own."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import ExitStack

import pytest
from sqlalchemy import event

from benchmarks.server import serving
from breakhis_core import jobs
from breakhis_core.errors import InputError, UnavailableError
from breakhis_core.jobs import folder as jobs_folder
from breakhis_core.jobs import starting, watch
from breakhis_core.jobs.kinds import AT_ONCE
from breakhis_core.progress import JobContext
from breakhis_core.storage import database, tables

CHILD = """
import importlib.abc, importlib.util, sys

def work(workspace, arguments, context):
    import os, time
    from breakhis_core.errors import InputError
    from breakhis_core.progress import stop_if_asked
    kept = context.folder / "checkpoint"
    begin = int(kept.read_text()) if kept.exists() else 0
    print("begin at", begin, flush=True)
    if arguments.get("look"):
        from pathlib import Path
        return {"nice": os.nice(0), "tensorflow": "tensorflow" in sys.modules, "session": os.getsid(0),
                "files": sorted(os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
                                if Path(f"/proc/self/fd/{n}").exists())}
    if arguments.get("fail") == "input":
        raise InputError("picture.png: the file is cut off.")
    if arguments.get("fail") == "bug":
        raise ZeroDivisionError("of steps")
    if arguments.get("child"):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    steps = arguments["steps"]
    for step in range(begin, steps):
        stop_if_asked(context)
        time.sleep(arguments["seconds"])
        kept.write_text(str(step + 1))
        context.report(f"Step {step + 1} of {steps}", (step + 1) / steps, step=step + 1)
        context.curve({"epoch": step + 1, "loss": 1 / (step + 1)})
    return {"steps": steps, "begin": begin}

class Patch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name not in ("breakhis_core.jobs.kinds", "breakhis_core.jobs.work"):
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module
        def exec_module(module):
            load(module)
            if name.endswith("kinds"):
                module.AT_ONCE["count"] = 1
            else:
                module.WORK["count"] = work
        spec.loader.exec_module = exec_module
        sys.meta_path.insert(0, self)
        return spec

sys.meta_path.insert(0, Patch())
"""


@pytest.fixture
def counting(tmp_path, monkeypatch):
    folder = tmp_path / "child"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(textwrap.dedent(CHILD))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setitem(AT_ONCE, "count", 1)
    return {"steps": 3, "seconds": 0.02}


def _until(workspace, job, *states):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        now = jobs.get(workspace, job)
        if now.state in states:
            return now
        time.sleep(0.02)
    raise AssertionError(f"{now} and its log:\n{jobs.log_tail(workspace, job)}")


def _until_running_at_step(workspace, job, step):
    deadline = time.monotonic() + 120
    while jobs.get(workspace, job).data.get("step", 0) < step:
        assert time.monotonic() < deadline, jobs.log_tail(workspace, job)
        time.sleep(0.02)


def test_a_job_runs_to_its_end_and_leaves_result_curve_and_log(any_workspace, counting):
    job = jobs.submit(any_workspace, "count", counting)
    end = _until(any_workspace, job, "finished", "failed")
    assert (end.state, end.result) == ("finished", {"steps": 3, "begin": 0})
    assert (end.message, end.fraction, end.error, end.pid) == ("Step 3 of 3", 1.0, None, None)
    assert end.created <= end.started <= end.ended
    assert list(jobs.curve(any_workspace, job)["epoch"]) == [1, 2, 3]
    begin, said, ended = jobs.log_tail(any_workspace, job).splitlines()
    assert begin.endswith(f"job {job}: count, attempt 1")
    assert said == "begin at 0"
    assert ended.endswith("finished")


def test_the_process_is_nice_its_own_session_and_inherits_nothing(workspace, counting):
    with open(workspace.root / "held", "w") as held:
        os.set_inheritable(held.fileno(), True)
        job = jobs.submit(workspace, "count", {"look": True})
        result = _until(workspace, job, "finished", "failed").result
    assert result["nice"] == min(os.nice(0) + 10, 19)
    assert not result["tensorflow"]
    assert result["session"] != os.getsid(0)
    names = {os.path.basename(file) for file in result["files"]}
    assert "held" not in names
    assert not any(name.startswith("socket:") for name in names)
    assert "lock" in names


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("input", "picture.png: the file is cut off."),
        ("bug", "ZeroDivisionError: of steps (the log says where)"),
    ],
)
def test_a_failure_is_told_in_a_sentence(workspace, counting, how, sentence):
    end = _until(workspace, jobs.submit(workspace, "count", {"fail": how}), "finished", "failed")
    assert (end.state, end.error) == ("failed", sentence)
    assert ("Traceback" in jobs.log_tail(workspace, end.id)) == (how == "bug")


def test_stop_ends_at_a_safe_point_and_resume_goes_on_from_there(any_workspace, counting):
    job = jobs.submit(any_workspace, "count", {"steps": 400, "seconds": 0.02})
    _until_running_at_step(any_workspace, job, 2)
    jobs.request_stop(any_workspace, job)
    assert jobs.get(any_workspace, job).state in ("running", "stopped")
    stopped = _until(any_workspace, job, "stopped")
    assert 0 < stopped.fraction < 1
    done = int((stopped.folder / "checkpoint").read_text())
    (stopped.folder / "checkpoint").write_text("398")
    jobs.resume(any_workspace, job)
    end = _until(any_workspace, job, "finished")
    assert (end.attempt, end.result) == (2, {"steps": 400, "begin": 398})
    assert done < 398


def test_kill_9_is_noticed_and_never_shown_as_running(any_workspace, counting):
    job = jobs.submit(any_workspace, "count", {"steps": 10_000, "seconds": 0.02})
    _until_running_at_step(any_workspace, job, 1)
    pid = jobs.get(any_workspace, job).pid
    os.kill(pid, signal.SIGKILL)
    dead = _until(any_workspace, job, "interrupted")
    assert (dead.state, dead.pid) == ("interrupted", None)
    assert "killed" in dead.error
    assert dead.resumable


def test_a_killed_job_is_noticed_though_its_forked_child_lives_on(workspace, counting):
    job = jobs.submit(workspace, "count", {"steps": 10_000, "seconds": 0.02, "child": True})
    _until_running_at_step(workspace, job, 1)
    pid = jobs.get(workspace, job).pid
    os.kill(pid, signal.SIGKILL)
    _until(workspace, job, "interrupted")
    os.killpg(pid, signal.SIGKILL)  # The child that was left.


def test_kill_on_request_ends_the_whole_group(workspace, counting):
    job = jobs.submit(workspace, "count", {"steps": 10_000, "seconds": 0.02, "child": True})
    _until_running_at_step(workspace, job, 1)
    pid = jobs.get(workspace, job).pid
    jobs.request_stop(workspace, job, kill=True)
    _until(workspace, job, "interrupted")
    deadline = time.monotonic() + 60
    while True:
        try:
            os.killpg(pid, 0)
        except ProcessLookupError:
            break
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_no_process_stays_defunct(workspace, counting):
    job = jobs.submit(workspace, "count", counting)
    pid = None
    while pid is None:
        now = jobs.get(workspace, job)
        pid = now.pid
        assert pid is not None or now.active
    _until(workspace, job, "finished")
    deadline = time.monotonic() + 60
    while os.path.exists(f"/proc/{pid}"):
        assert time.monotonic() < deadline, "the child was not waited for"
        time.sleep(0.02)


def test_a_second_job_of_a_kind_waits_and_starts_when_the_first_ends(any_workspace, counting):
    first = jobs.submit(any_workspace, "count", {"steps": 400, "seconds": 0.02})
    second = jobs.submit(any_workspace, "count", counting)
    waiting = jobs.get(any_workspace, second)
    assert (waiting.state, waiting.message) == ("queued", "Waiting for its turn")
    assert [job.id for job in jobs.active(any_workspace)] == [first, second]
    _until_running_at_step(any_workspace, first, 1)
    jobs.request_stop(any_workspace, first)
    assert _until(any_workspace, second, "finished").started >= _until(any_workspace, first, "stopped").ended


def test_one_that_waits_starts_when_the_first_is_killed(workspace, counting):
    first = jobs.submit(workspace, "count", {"steps": 10_000, "seconds": 0.02})
    second = jobs.submit(workspace, "count", counting)
    _until_running_at_step(workspace, first, 1)
    os.kill(jobs.get(workspace, first).pid, signal.SIGKILL)
    _until(workspace, second, "finished")
    assert jobs.get(workspace, first).state == "interrupted"


def test_one_that_waits_is_stopped_at_once(workspace, counting):
    first = jobs.submit(workspace, "count", {"steps": 400, "seconds": 0.02})
    second = jobs.submit(workspace, "count", counting)
    jobs.request_stop(workspace, second)
    assert jobs.get(workspace, second).state == "stopped"
    jobs.request_stop(workspace, first)
    _until(workspace, first, "stopped")
    assert jobs.get(workspace, second).state == "stopped"


def _submitted_by_a_server_that_died(arguments):
    server = textwrap.dedent(
        f"""
        import os
        from breakhis_core import jobs
        from breakhis_core.workspace import Workspace
        print(jobs.submit(Workspace.open(), "count", {arguments!r}), flush=True)
        os._exit(1)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", server], capture_output=True, text=True, cwd=os.getcwd(), check=False
    )
    assert done.stdout, done.stderr
    return int(done.stdout)


def test_a_job_outlives_the_process_that_submitted_it(workspace, counting):
    job = _submitted_by_a_server_that_died({"steps": 60, "seconds": 0.02})
    assert jobs.get(workspace, job).state == "running"
    assert _until(workspace, job, "finished").result == {"steps": 60, "begin": 0}


@pytest.mark.parametrize("servers", [1, 2])
def test_a_job_that_died_with_its_server_is_noticed_by_the_next_and_what_waits_starts_once(
    any_workspace, counting, servers
):
    first = _submitted_by_a_server_that_died({"steps": 10_000, "seconds": 0.02})
    second = _submitted_by_a_server_that_died(counting)
    _until_running_at_step(any_workspace, first, 1)
    os.kill(jobs.get(any_workspace, first).pid, signal.SIGKILL)
    time.sleep(0.3)
    assert jobs.get(any_workspace, first).state == "running"  # Nobody has looked.
    with ExitStack() as living:
        for _ in range(servers):
            living.enter_context(watch.watching(lambda: any_workspace, every=0.1))
        assert "killed" in _until(any_workspace, first, "interrupted").error
        assert _until(any_workspace, second, "finished").attempt == 1
    log = jobs.log_tail(any_workspace, second)
    assert log.count("begin at 0") == 1


def test_the_watch_goes_on_when_the_workspace_is_away_for_a_while(workspace, counting):
    looks = []

    def sometimes():
        looks.append(1)
        if len(looks) < 3:
            raise UnavailableError("away")
        if len(looks) < 5:
            raise KeyError("a fault of the program")
        return workspace

    job = _submitted_by_a_server_that_died({"steps": 10_000, "seconds": 0.02})
    _until_running_at_step(workspace, job, 1)
    os.kill(jobs.get(workspace, job).pid, signal.SIGKILL)
    with watch.watching(sometimes, every=0.02):
        _until(workspace, job, "interrupted")


def test_a_server_looks_after_the_jobs_from_its_start(workspace):
    with database.writing(workspace.engine, "jobs") as connection:
        connection.execute(
            tables.jobs.insert().values(
                kind="measure", arguments={}, state="running", created=database.now(), attempt=1,
                host=socket.gethostname(), pid=1,
            )
        )  # fmt: skip
    assert jobs.get(workspace, 1).state == "running"
    with serving("app.py", workspace.settings.environment()):
        _until(workspace, 1, "interrupted")


def _writes(workspace):
    """Return a list that grows by one with each transaction that writes."""
    found = []

    @event.listens_for(workspace.engine, "begin")
    def begun(connection):
        if connection.get_execution_options().get("writing"):
            found.append(connection)

    return found


def test_reading_jobs_writes_nothing_and_waits_for_nobody(workspace, counting):
    first = jobs.submit(workspace, "count", {"steps": 10_000, "seconds": 0.02})
    second = jobs.submit(workspace, "count", counting)
    _until_running_at_step(workspace, first, 1)
    writes = _writes(workspace)
    locks = {number: (jobs.job_folder(workspace, number) / "lock").exists() for number in (first, second)}
    holder = sqlite3.connect(workspace.root / "breakhis.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    for _ in range(10):
        assert jobs.get(workspace, first).state == "running"
        assert [job.id for job in jobs.list_jobs(workspace)] == [second, first]
        assert [job.id for job in jobs.active(workspace, "count")] == [first, second]
    holder.execute("ROLLBACK")
    holder.close()
    assert writes == []
    assert locks == {number: (jobs.job_folder(workspace, number) / "lock").exists() for number in locks}
    jobs.request_stop(workspace, first, kill=True)


def test_looking_after_jobs_writes_nothing_while_one_runs_and_one_waits(workspace, counting):
    first = jobs.submit(workspace, "count", {"steps": 10_000, "seconds": 0.02})
    second = jobs.submit(workspace, "count", counting)
    _until_running_at_step(workspace, first, 1)
    writes = _writes(workspace)
    for _ in range(5):
        starting.notice(workspace)
    assert writes == []
    jobs.request_stop(workspace, first, kill=True)
    _until(workspace, second, "finished")


def test_progress_is_written_at_most_four_times_a_second(tmp_path):
    context = JobContext(tmp_path)
    seen = set()
    begin = time.monotonic()
    while time.monotonic() - begin < 1.0:
        context.report("Counting", 0.5, n=time.monotonic())
        if (tmp_path / "progress.json").exists():
            seen.add((tmp_path / "progress.json").stat().st_mtime_ns)
    elapsed = time.monotonic() - begin
    context.report("Counting", 1.0, last=True)
    context.close()
    assert 1 <= len(seen) <= 1 + 4 * elapsed
    assert json.loads((tmp_path / "progress.json").read_text())["data"] == {"last": True}


def test_the_time_left_follows_the_pace(tmp_path, monkeypatch):
    clock = iter([100.0, 110.0, 120.0, 120.0])
    monkeypatch.setattr("breakhis_core.progress.time.time", lambda: next(clock))
    context = JobContext(tmp_path)
    context.report("Resumed", 0.5)
    context.report("Going on", 0.6)
    context.report("Going on", 0.7)
    context.close()
    assert json.loads((tmp_path / "progress.json").read_text())["seconds_left"] == pytest.approx(30.0)


def test_a_torn_last_line_of_the_curve_is_left_out(workspace, counting):
    job = jobs.submit(workspace, "count", counting)
    folder = _until(workspace, job, "finished").folder
    with (folder / "curve.jsonl").open("a") as stream:
        stream.write('{"epoch": 4, "lo')
    assert list(jobs.curve(workspace, job)["epoch"]) == [1, 2, 3]


def test_the_log_tail_shows_the_end_of_a_progress_bar(workspace, counting):
    job = jobs.submit(workspace, "count", counting)
    folder = _until(workspace, job, "finished").folder
    jobs_folder.log_file(folder).write_text("first\n" + "x" * 100_000 + "\nbar 1%\rbar 100%\nlast\n")
    assert jobs.log_tail(workspace, job, 2) == "bar 100%\nlast"


@pytest.mark.parametrize("call", [jobs.get, jobs.resume, jobs.request_stop])
def test_a_job_that_never_was(workspace, call):
    with pytest.raises(InputError, match="no job 17"):
        call(workspace, 17)


def test_wrong_kinds_and_wrong_moments_are_refused(workspace, counting):
    with pytest.raises(InputError, match="no kind of job"):
        jobs.submit(workspace, "bake", {})
    job = jobs.submit(workspace, "count", counting)
    _until(workspace, job, "finished")
    with pytest.raises(InputError, match="is finished"):
        jobs.resume(workspace, job)
