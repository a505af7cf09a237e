"""A Streamlit server of our own on loopback, run as it ships: started, waited for, weighed, and ended."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
STARTS_WITHIN = 60.0


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        address: host and port.
        process: its process.
        started: ``time.perf_counter`` just before it was started.
    """

    address: str
    process: subprocess.Popen[bytes]
    started: float

    def processor_time(self) -> float:
        """Return the seconds of processor time used so far: other work on the machine hardly changes it."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        except FileNotFoundError:  # Not Linux.
            return float("nan")
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Return the resident memory of the process in MiB."""
        listed = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.process.pid)], capture_output=True, check=True
        )
        return int(listed.stdout) / 1024


def as_shipped(script: str, port: int) -> list[str]:
    """Return the command that serves a script with the settings of ``config.toml`` and no others."""
    options = ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    return [sys.executable, "-m", "streamlit", "run", script, *options]


@contextlib.contextmanager
def serving(script: str, environment: Mapping[str, str], log: Path | None = None) -> Iterator[Server]:
    """Run ``streamlit run`` on a free port until the block ends.

    Args:
        script: path of the script within the project.
        environment: variables to set besides the present ones, of which Streamlit's own are left out.
        log: file for what the server prints.

    Raises:
        RuntimeError: it did not answer within a minute.
    """
    port = _free_port()
    address = f"127.0.0.1:{port}"
    own = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}
    with open(log or os.devnull, "wb") as printed:
        started = time.perf_counter()
        process = subprocess.Popen(
            as_shipped(script, port), cwd=PROJECT, env={**own, **environment}, stdout=printed, stderr=printed
        )
    try:
        _wait(address, process)
        yield Server(address, process, started)
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            if urllib.request.urlopen(f"http://{address}/_stcore/health").read() == b"ok":
                return
        time.sleep(0.02)
    raise RuntimeError(f"The server on {address} did not start; run streamlit by hand to see why.")
