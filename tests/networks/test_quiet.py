import os
import subprocess
import sys
from pathlib import Path

import pytest

FAKE = "import os\nos.write(2, b'I0000 00:00 port.cc:153] oneDNN\\nsomething matters\\n')\n"


def loaded(folder: Path, content: str, **environment: str) -> tuple[int, str]:
    """Load a module called tensorflow; return how Python ended and what stood on standard error."""
    (folder / "tensorflow.py").write_text(content)
    script = f"import sys; sys.path.insert(0, {str(folder)!r}); import breakhis_core; import tensorflow"
    clean = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    told = subprocess.run(
        [sys.executable, "-c", script], env={**clean, **environment}, capture_output=True, text=True
    )
    return told.returncode, told.stderr


def test_noise_is_left_out_and_what_matters_is_said(tmp_path: Path) -> None:
    assert loaded(tmp_path, FAKE) == (0, "something matters\n")


def test_who_asks_for_everything_gets_it(tmp_path: Path) -> None:
    assert "oneDNN" in loaded(tmp_path, FAKE, TF_CPP_MIN_LOG_LEVEL="0")[1]


def test_a_library_that_does_not_load_says_why(tmp_path: Path) -> None:
    status, told = loaded(tmp_path, FAKE + "raise ImportError('no such processor')\n")
    assert status == 1
    assert "no such processor" in told


@pytest.mark.filterwarnings("ignore")
def test_the_real_one_is_quiet() -> None:
    script = "import breakhis_core; import tensorflow"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (0, "")
