"""Ctrl-C in the middle of commands, each in a process of its own, as from a shell."""

import signal
import subprocess
import sys
import time

import pytest

from tests.command_line.test_all_commands import PROJECT
from tests.conftest import paint_pictures

PRELUDE = """
import sys, time
from breakhis_core.command_line import main
from breakhis_core.command_line.terminal import interrupts
sys.argv = ["breakhis", *sys.argv[1:]]
"""
SENTENCE = "Interrupted; nothing is left half written.\n"


def start(script, *arguments):
    command = [sys.executable, "-c", PRELUDE + script, *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=PROJECT, **pipes)


def interrupted(process, ready="ready\n"):
    """Send Ctrl-C when the process has said that it is in the middle; return what it said, and how soon."""
    assert process.stderr is not None
    for line in process.stderr:
        if line == ready:
            break
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)
    return process.stderr.read(), time.monotonic() - began


def stuck(where, how):
    """A script in which one function of ours says that it is called, and then is long."""
    module, name = where.rsplit(".", 1)
    return f"""
import importlib
module = importlib.import_module({module!r})
def stuck(*_, **__):
    print("ready", file=sys.stderr, flush=True)
    {how}
module.{name} = stuck
main()
"""


SLEEPS = "time.sleep(30)"
DEAF = """
    while True:
        try: time.sleep(30)
        except KeyboardInterrupt: pass
"""


@pytest.mark.parametrize("how", [SLEEPS, DEAF], ids=["wakes", "does not hear"])
@pytest.mark.parametrize(
    ("where", "arguments"),
    [
        ("breakhis_core.images.catalogue.scan", ["catalogue", "DATA"]),
        ("breakhis_core.images.catalogue.scan", ["train", "--data", "DATA", "--weights", "none"]),
        ("breakhis_core.runs.classifying.classify", ["classify", "DATA", "--run", "demo"]),
        ("breakhis_core.command_line.commands.run", ["evaluate", "demo"]),
    ],
)
def test_control_c_is_answered_within_a_second(settings, tmp_path, monkeypatch, where, arguments, how):
    paint_pictures(tmp_path / "data")
    monkeypatch.setenv("BREAKHIS_MODELS", str(PROJECT / "models"))
    given = [str(tmp_path / "data") if word == "DATA" else word for word in arguments]
    process = start(stuck(where, how), *given)
    told, seconds = interrupted(process)
    assert (process.returncode, told) == (130, SENTENCE)
    assert seconds < 1.5


def test_control_c_while_the_commands_load_is_one_line(settings):
    hook = """
import builtins
real = builtins.__import__
def slow(name, *rest):
    if name == "typer":
        print("ready", file=sys.stderr, flush=True)
        time.sleep(30)
    return real(name, *rest)
builtins.__import__ = slow
main()
"""
    process = start(hook, "--help")
    told, seconds = interrupted(process)
    assert (process.returncode, told) == (130, SENTENCE)
    assert seconds < 1.5


@pytest.mark.parametrize(
    ("where", "command"),
    [
        ("breakhis_core.training.train.train", ["train", "--data", "DATA", "--weights", "none"]),
        ("breakhis_core.maps.job.compute_maps", ["explain", "fake"]),
        (
            "breakhis_core.sweeps.running.run_sweep",
            ["sweep", "--study", "grid", "--grid", "dropout=0.2,0.5", "--data", "DATA", "--weights", "none"],
        ),
    ],
)
def test_the_first_stops_at_a_safe_point_and_the_second_at_once(fake_run, tmp_path, where, command):
    paint_pictures(tmp_path / "data")
    given = [str(tmp_path / "data") if word == "DATA" else word for word in command]
    process = start(stuck(where, DEAF), *given)
    assert process.stderr is not None
    for line in process.stderr:
        if line == "ready\n":
            break
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    assert process.stderr.readline().startswith("Stopping; ")
    assert time.monotonic() - began < 1
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 130
    assert time.monotonic() - began < 2
    assert process.stderr.read() == SENTENCE
