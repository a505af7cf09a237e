"""The bar of a training moves evenly, whatever its stages cost."""

from dataclasses import asdict

import pytest

from breakhis_core.training import clock
from breakhis_core.training.clock import Clock
from breakhis_core.training.duration import Stages

EXPECTED = Stages(preparing=20, looking=30, head=10, epochs=100, first=20, publishing=20)


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(clock, "time", made)
    return made


def told(time: Time, takes: Stages) -> list[tuple[float, float]]:
    """Go through a training; return share of its time and share told, at every report."""
    tells = Clock(EXPECTED, batches=5, epochs=4, head_epochs=10)
    said = [(time.now, tells.waiting())]
    time.now += takes.preparing
    for stage, count in (("looking", 20), ("head", 50), ("epochs", 20), ("first", 20), ("publishing", 20)):
        seconds = asdict(takes)[stage]
        for at in range(1, count + 1 if seconds else 1):
            time.now += seconds / count
            if stage in ("head", "epochs"):
                share = (tells.head if stage == "head" else tells.training)((at - 1) // 5, (at - 1) % 5 + 1)
            else:
                ask = {"looking": tells.features, "first": tells.looking, "publishing": tells.predicting}
                share = ask[stage](at, count)
            said.append((time.now, share))
        if stage == "looking":
            said.append((time.now, tells.waiting()))
    return [(at / time.now, share) for at, share in said]


def test_a_training_that_takes_what_was_estimated(time: Time) -> None:
    assert all(abs(share - done) < 0.02 for done, share in told(time, EXPECTED))


@pytest.mark.parametrize("times", [0.6, 2.0, 4.0])
def test_a_machine_of_another_speed(time: Time, times: float) -> None:
    takes = Stages(**{name: seconds * times for name, seconds in asdict(EXPECTED).items()})
    said = told(time, takes)
    assert [share for _, share in said] == sorted(share for _, share in said)
    # From where the epochs have told their pace on.
    assert all(abs(share - done) < 0.02 for done, share in said if done > 0.5)


def test_what_is_kept_already_is_skipped(time: Time) -> None:
    takes = Stages(**{**asdict(EXPECTED), "looking": 0.0, "first": 0.0})
    said = told(time, takes)
    assert all(abs(share - done) < 0.25 for done, share in said)
    assert said[-1][1] == 0.99
