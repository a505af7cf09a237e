"""Which images are worth a look, and why each is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from breakhis_core.images import measuring
from breakhis_core.runs import Run
from breakhis_core.suspects import worklists
from breakhis_core.suspects.reading import Reliance, suspects_of
from breakhis_core.suspects.words import value_words
from breakhis_core.suspects.worklists import worklists_of
from breakhis_core.workspace import Workspace

Looked = tuple[Run, tuple[str, ...]]


@pytest.fixture
def checks(workspace: Workspace, looked_run: Looked) -> measuring.Checks:
    """What is measured, with three training images out of focus, one of which is a suspect."""
    measuring.measure_images(workspace)
    found = measuring.load_checks(workspace)
    assert found is not None
    run, doubtful = looked_run
    table = run.predictions()
    learnt = table.loc[table["part"].isin(["train", "validation"]), "hash"].tolist()
    poor = [*(image for image in learnt if image not in doubtful)][:2] + [doubtful[2]]
    scores = found.table.assign(**{f"{code}_odd": 0.0 for code in measuring.CODES})
    for place, image in enumerate(poor):
        scores.loc[image, "sharpness_odd"] = 100.0 - place
    return dataclasses.replace(found, table=scores)


def test_the_first_twenty_hold_every_kind_and_no_image_twice(
    looked_run: Looked, checks: measuring.Checks
) -> None:
    run, doubtful = looked_run
    lists = worklists_of(run, checks)
    assert set(lists.suspects) == set(doubtful)
    assert len(set(lists.mixed)) == len(lists.mixed)
    kinds = [lists.kinds[image][0] for image in lists.mixed[:20]]
    assert kinds[:7] == [
        "suspect", "misclassified", "suspect", "poor", "suspect", "misclassified", "poor",
    ]  # fmt: skip
    assert kinds.count("poor") == 2, "an image that is a suspect and poor is a suspect"
    table = run.predictions().set_index("hash")
    tested = table[(table["part"] == "test") & (table["predicted"] != table["subtype"])]
    assert lists.in_words(lists.mixed) == (
        f"3 suspects, 2 poor pictures and {len(tested)} misclassified test images"
    )
    confidence = [
        table["confidence"][image] for image in lists.mixed if lists.kinds[image][0] == "misclassified"
    ]
    assert confidence == sorted(confidence, reverse=True)
    assert worklists_of(run, checks) is lists


def test_without_what_was_asked_or_measured_the_mistakes_remain(fake_run: Run) -> None:
    lists = worklists_of(fake_run, None)
    assert (lists.suspects, lists.telling, lists.known) == ((), (), None)
    assert {kind for kind, _ in lists.kinds.values()} == {"misclassified"}
    assert set(lists.mixed) == set(lists.kinds)
    assert lists.in_words(lists.mixed[:1]) == "1 misclassified test image"


def test_heads_that_tell_nothing_make_no_suspects(
    looked_run: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, doubtful = looked_run
    known = suspects_of(run)
    assert known is not None
    useless = dataclasses.replace(known, by_image=dataclasses.replace(known.by_image, limits=(0.0, 1.0)))
    monkeypatch.setattr(worklists, "suspects_of", lambda run: useless)
    lists = worklists_of(run, None)
    assert lists.suspects == ()
    assert lists.telling
    assert not set(doubtful) & set(lists.mixed)


def test_a_mixture_ends_after_an_hour(looked_run: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worklists, "AN_HOUR", 4)
    worklists._worklists.cache_clear()
    assert len(worklists_of(looked_run[0], None).mixed) == 4
    worklists._worklists.cache_clear()


def test_the_sign_of_a_value_says_nothing_near_to_zero(looked_run: Looked) -> None:
    known = suspects_of(looked_run[0])
    assert known is not None
    values = np.tile([-3.0, -0.5, 0.5, 3.0], len(known.table))[: len(known.table)]
    table, telling = known.table.assign(value=values), Reliance("case", 64, 16, 0.8, (0.7, 0.9), 0.2)
    mute = dataclasses.replace(telling, limits=(0.1, 0.3))
    assert value_words(dataclasses.replace(known, table=table, by_case=mute), 0) == ""
    known = dataclasses.replace(known, table=table, by_case=telling)
    assert [value_words(known, row) for row in range(4)] == [
        "leaving it out would help",
        "leaving it out hardly matters",
        "leaving it out hardly matters",
        "leaving it out would hurt",
    ]
    values[0] = np.nan
    assert value_words(dataclasses.replace(known, table=known.table.assign(value=-values)), 3).endswith(
        "help"
    )
