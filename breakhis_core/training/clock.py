"""How much of a training is done, from what its stages should take and turned out to take."""

from __future__ import annotations

import time
from dataclasses import fields

from breakhis_core.training.duration import Stages

_ORDER = tuple(field.name for field in fields(Stages))
_TELLS = 0.1
"""Share of a stage after which its own pace says more than the estimate."""
_LEAST, _MOST = 0.5, 5.0
"""What the estimate of later stages is scaled by at most, on a machine that is quicker, slower or busy."""


class Clock:
    """Estimates the share of a training that is done; it never goes back.

    Args:
        expected: what the stages should take.
        batches: batches of one epoch.
        epochs: epochs that count (``Recipe.main_epochs``).
        head_epochs: epochs of the head alone before them.
    """

    def __init__(self, expected: Stages, batches: int, epochs: int, head_epochs: int = 0) -> None:
        self._expected, self._batches = expected, max(1, batches)
        self._epochs, self._head_epochs = epochs, max(1, head_epochs)
        self._began = time.monotonic()
        self._fraction, self._scale = 0.0, 1.0
        self._stage, self._entered, self._from = "preparing", self._began, 0.0

    def waiting(self) -> float:
        """Return the share done while something without measure is prepared."""
        here = self._left_of("preparing") if self._stage == "preparing" else 0.0
        return self._share(here + self._later())

    def features(self, done: int, total: int) -> float:
        """Return the share done while the frozen part runs."""
        return self._in("looking", done / max(1, total))

    def head(self, epoch: int, batch: int) -> float:
        """Return the share done after a batch of the head alone; epochs count from 0."""
        return self._in("head", (epoch * self._batches + batch) / (self._head_epochs * self._batches))

    def training(self, epoch: int, batch: int) -> float:
        """Return the share done after a batch of the epochs that count, from 0."""
        return self._in("epochs", (epoch * self._batches + batch) / (self._epochs * self._batches))

    def looking(self, done: int, total: int) -> float:
        """Return the share done while images are looked at with the first weights."""
        return self._in("first", done / max(1, total))

    def predicting(self, done: int, total: int) -> float:
        """Return the share done while the images are predicted."""
        return self._in("publishing", done / max(1, total))

    def _in(self, stage: str, done: float) -> float:
        now = time.monotonic()
        if stage != self._stage:
            # The first call of a stage comes behind its first batch, which pays for tracing.
            self._stage, self._entered, self._from = stage, now, done
        expected = getattr(self._expected, stage)
        whole = expected * self._scale
        moved = done - self._from
        if moved >= _TELLS:
            whole = (now - self._entered) / moved
            if expected > 0:
                self._scale = min(max(whole / expected, _LEAST), _MOST)
        return self._share(whole * (1 - done) + self._later())

    def _left_of(self, stage: str) -> float:
        expected: float = getattr(self._expected, stage)
        return max(0.0, expected - (time.monotonic() - self._entered))

    def _later(self) -> float:
        later: float = sum(getattr(self._expected, name) for name in _ORDER[_ORDER.index(self._stage) + 1 :])
        return later * self._scale

    def _share(self, left: float) -> float:
        spent = time.monotonic() - self._began
        self._fraction = max(self._fraction, spent / (spent + left) if spent + left > 0 else 0.0)
        return min(self._fraction, 0.99)
