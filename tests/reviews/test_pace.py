from datetime import UTC, datetime, timedelta

import pytest

from breakhis_core.reviews.pace import PAUSE, Pace, pace_of
from breakhis_core.reviews.terms import ReviewEvent
from breakhis_core.storage.database import time_text

START = datetime(2024, 5, 1, 10, tzinfo=UTC)


def answers(*times, seconds=8.0, batch=None, **facts):
    """Return one answer at each time, in seconds from the start."""
    common = {
        "reviewer": "ada", "topic": "answer", "name": "", "action": "keep", "reason": None, "note": "",
        "run": None, "predicted": None, "confidence": None, "shown": None, "source": None, "undoes": None,
    }  # fmt: skip
    return [
        ReviewEvent(
            id=int(1000 * time) + place,
            at=time_text(START + timedelta(seconds=time)),
            hash=f"{time} {place}",
            seconds=seconds,
            batch=batch,
            **{**common, **facts},
        )
        for place, time in enumerate(times)
    ]


def test_it_is_the_median_time_between_answers():
    # The first counts the 8 s that its image was on screen; then 4, 10, 6, 30.
    assert pace_of(answers(0, 4, 14, 20, 50)) == Pace(8.0, 5)
    assert pace_of(answers(0, 4, 14, 20, 50)).per_minute == 7.5
    assert pace_of(answers(0, 4, 14, 20, 50)).time_for(30) == 240


def test_too_few_answers_say_nothing():
    assert pace_of([]) is None
    assert pace_of(answers(0, 10, 20, 30)) is None


def test_after_a_pause_the_look_itself_counts():
    night = 12 * 3600
    assert pace_of(answers(0, 10, 20, night, night + 10, seconds=6.0)) == Pace(10.0, 5)
    assert pace_of(answers(0, PAUSE + 1, 2 * PAUSE + 2, 3 * PAUSE + 3, 4 * PAUSE + 4)) == Pace(8.0, 5)


def test_a_look_as_long_as_a_pause_is_left_out():
    assert pace_of(answers(0, 10, 20, 30, 40, seconds=PAUSE + 1)) is None  # The first look was one.
    assert pace_of(answers(0, 10, 20, 30, 40, 50, seconds=PAUSE + 1)) == Pace(10.0, 5)


def test_only_the_last_twenty_count():
    slow = [60.0 * i for i in range(30)]
    fast = [slow[-1] + 5.0 * (i + 1) for i in range(20)]
    assert pace_of(answers(*slow, *fast)) == Pace(5.0, 20)


def test_a_gesture_on_many_images_shares_its_time():
    events = answers(0, 10, 20, 30)
    for page in (1, 2, 3):
        at = 30 + 40 * page
        events += answers(*[at] * 20, seconds=2.0, batch=f"page {page}")
    assert pace_of(events) == Pace(8.0, 7)  # 8, 10, 10, 10 and three times 40 / 20.


@pytest.mark.parametrize("facts", [{"action": "undo"}, {"source": "flags.csv"}, {"seconds": None}])
def test_what_nobody_looked_for_does_not_count(facts):
    events = answers(0, 10, 20, 30, 40)
    other = answers(5, 15, 25, 35, **facts)
    both = sorted(events + other, key=lambda event: event.at)
    assert pace_of(both) == pace_of(events)
