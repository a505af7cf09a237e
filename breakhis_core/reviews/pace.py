"""At what pace somebody reviews: how long an image takes them, by what they answered last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from statistics import median

from breakhis_core.reviews.terms import ReviewEvent

PAUSE = 180.0
"""Seconds between two answers from which on the reviewer was away."""
RECENT = 20
"""Answers that count; what was answered before them says little about now."""
ENOUGH = 5
"""Answers below which nothing is said."""


@dataclass(frozen=True)
class Pace:
    """How fast somebody answers.

    Attributes:
        seconds: for one image, more than 0.
        answers: how many answers it is the median of; a gesture on many images is one.
    """

    seconds: float
    answers: int

    @property
    def per_minute(self) -> float:
        """Images a minute."""
        return 60.0 / self.seconds

    def time_for(self, images: int) -> float:
        """Return how many seconds so many images will take."""
        return images * self.seconds


def pace_of(events: Sequence[ReviewEvent]) -> Pace | None:
    """Return the pace of one reviewer, or None when they have answered too little to tell.

    The time of an answer is the time since the one before it, whatever was looked at in between; of the first
    one, or after a pause, it is the time that its image was on screen. A gesture on many images shares its
    time among them. Answers that nobody looked for (imported, or without ``seconds``) do not count.

    Args:
        events: what the reviewer did, oldest first.

    >>> answer = dict(reviewer="ada", topic="answer", name="", action="keep", reason=None, note="", run=None,
    ...               predicted=None, confidence=None, shown=None, batch=None, source=None, undoes=None)
    >>> def after(seconds):
    ...     at = f"2024-05-01T10:00:{seconds:02}.000Z"
    ...     return ReviewEvent(id=seconds, at=at, hash=str(seconds), seconds=8.0, **answer)
    >>> every_ten = [after(10 * i) for i in range(6)]
    >>> pace_of(every_ten)
    Pace(seconds=10.0, answers=6)
    >>> pace_of(every_ten[:4]) is None
    True
    """
    answers = [
        event
        for event in events
        if event.action in ("flag", "keep") and event.source is None and event.seconds is not None
    ]
    gestures = [tuple(one) for _, one in groupby(answers, key=lambda event: event.batch or event.id)]
    times: list[float] = []
    before: datetime | None = None
    for gesture in gestures:
        at = datetime.fromisoformat(gesture[0].at)
        since = None if before is None else (at - before).total_seconds()
        if since is not None and 0 < since <= PAUSE:
            # An image that was flagged and then corrected is twice in its gesture.
            times.append(since / len({event.hash for event in gesture}))
        elif gesture[0].seconds is not None and 0 < gesture[0].seconds <= PAUSE:
            times.append(gesture[0].seconds)
        before = at
    recent = times[-RECENT:]
    return Pace(median(recent), len(recent)) if len(recent) >= ENOUGH else None
