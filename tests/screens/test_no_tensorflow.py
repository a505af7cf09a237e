"""No screen may load TensorFlow or Keras into the server: it would slow every click of everybody."""

from __future__ import annotations

import subprocess
import sys

import pytest

from breakhis_core.runs import Run
from breakhis_core.settings import Settings
from tests.screens.conftest import PROJECT

PROGRAM = """
import sys
from streamlit.testing.v1 import AppTest
screen = AppTest.from_file(sys.argv[1], default_timeout=120).run()
assert not screen.exception, screen.exception
print(sorted({name.split(".")[0] for name in sys.modules} & {"tensorflow", "keras", "tf_keras_vis"}))
"""


@pytest.mark.parametrize(
    "screen", ["app", "home", "review", "flags", "results", "train", "sweeps", "classify"]
)
def test_a_screen_does_not_load_tensorflow(fake_run: Run, settings: Settings, screen: str) -> None:
    file = PROJECT / ("app.py" if screen == "app" else f"pages/{screen}.py")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(file)], capture_output=True, text=True, cwd=PROJECT, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().endswith("[]"), done.stdout
