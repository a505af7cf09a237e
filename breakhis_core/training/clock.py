"""How much of a training is done, from what its steps turned out to cost."""

from __future__ import annotations

import time

# Seconds on two cores, until this training has measured its own.
_FEATURE, _BATCH, _PREDICTION, _TRACING, _CHECK = 0.03, 0.25, 0.012, 12.0, 15.0


class Clock:
    """Estimates the share of a training that is done.

    Args:
        features: images that may have to go through the frozen part.
        batches: batches of one epoch.
        epochs: epochs to train.
        images: images to predict at the end.
    """

    def __init__(self, features: int, batches: int, epochs: int, images: int) -> None:
        self._batches, self._epochs = max(1, batches), epochs
        self._began = time.monotonic()
        self._fraction = 0.0
        self._batch = _BATCH
        self._measured: tuple[float, int] | None = None
        self._after = images * _PREDICTION + _CHECK
        self._features = features * _FEATURE

    def features(self, done: int, total: int) -> float:
        """Return the share done while the frozen part runs."""
        spent = time.monotonic() - self._began
        left = spent / max(1, done) * (total - done)
        return self._share(left + _TRACING + self._epochs * self._batches * self._batch + self._after)

    def training(self, epoch: int, batch: int) -> float:
        """Return the share done after a batch of an epoch; epochs count from 0."""
        now, at = time.monotonic(), epoch * self._batches + batch
        if self._measured is None:
            # The first batch pays for tracing and says nothing about the others.
            self._measured = (now, at)
        elif at > self._measured[1]:
            self._batch = (now - self._measured[0]) / (at - self._measured[1])
        return self._share((self._epochs * self._batches - at) * self._batch + self._after)

    def predicting(self, done: int, total: int) -> float:
        """Return the share done while the images are predicted."""
        return self._share((total - done) / max(1, total) * self._after)

    def waiting(self) -> float:
        """Return the share done while something without measure is prepared."""
        later = self._epochs * self._batches * self._batch + self._after
        return self._share(self._features + _TRACING + later)

    def _share(self, left: float) -> float:
        spent = time.monotonic() - self._began
        self._fraction = max(self._fraction, spent / (spent + left) if spent + left > 0 else 0.0)
        return min(self._fraction, 0.99)
