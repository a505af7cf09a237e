"""Jobs in words: each kind names what it is about, and says how far it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from breakhis_core.jobs import Job
from breakhis_core.jobs.kinds import AT_ONCE
from breakhis_core.jobs.words import in_words, name_of


def job(kind: str, **arguments: Any) -> Job:
    return Job(
        1,
        kind,
        arguments,
        "running",
        "",
        0.43,
        95,
        {},
        "",
        None,
        None,
        1,
        None,
        None,
        False,
        None,
        None,
        Path(),
    )


@pytest.mark.parametrize("kind", AT_ONCE)
def test_every_kind_has_words(kind: str) -> None:
    assert name_of(job(kind)) not in ("", kind)


def test_how_far_it_is_and_what_it_waits_for() -> None:
    running = job("train", name=None, recipe={"name": "quick"})
    assert in_words(running) == "training quick, 43%, 1 min 35 s left"
    assert in_words(replace(running, state="queued")) == "training quick, waiting"
    assert in_words(replace(running, stopping=True)) == "training quick, stopping"
    assert name_of(job("catalogue", root="/data/BreaKHis_v1/")) == "reading BreaKHis_v1"
    assert name_of(job("maps", run="demo")) == "maps of demo"
