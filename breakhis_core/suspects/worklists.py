"""Lists of a run's images that are worth a look, and why each image stands on one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from breakhis_core.images.measuring import Checks
from breakhis_core.runs import Run
from breakhis_core.runs.folder import read_table
from breakhis_core.suspects.columns import LEARNT
from breakhis_core.suspects.reading import Suspects, suspects_of
from breakhis_core.wording import counted

AN_HOUR = 360
"""Images that one person looks at in an hour, at ten seconds each."""
TURNS = ("suspect", "misclassified", "suspect", "poor", "suspect")
"""Which kind comes next in the mixture: most often suspects, since correcting labels changes most."""


@dataclass(frozen=True, eq=False)
class Worklists:
    """Which of a run's images are worth a look; each list holds hashes, the most rewarding first.

    Attributes:
        suspects: images whose label is doubtful; none where heads by image tell nothing or were not asked.
        telling: images that are far from each other, of every part.
        mixed: suspects, misclassified images and poor pictures in turns, at most ``AN_HOUR``.
        kinds: why an image is worth a look: ``"suspect"``, ``"poor"`` (can leave the training, and its
            picture is odd) or ``"misclassified"`` (tests the run), the first that holds, and its number.
        known: what the suspects were read from; None where nothing was kept.
        tests: whether the misclassified ones are test images, and not out of fold.
    """

    suspects: tuple[str, ...]
    telling: tuple[str, ...]
    mixed: tuple[str, ...]
    kinds: Mapping[str, tuple[str, int]]
    known: Suspects | None
    tests: bool

    def listed(self, show: str) -> tuple[str, ...]:
        """Return the list that a queue shows under this code; none for queues that are no lists."""
        lists = {"mixed": self.mixed, "suspects": self.suspects, "telling": self.telling}
        return lists.get(show, ())

    def in_words(self, images: Sequence[str]) -> str:
        """Say how many images of each kind there are among some that are worth a look."""
        kinds = [self.kinds[image][0] for image in images]
        wrong = "misclassified test image" if self.tests else "misclassified image"
        names = {"suspect": "suspect", "poor": "poor picture", "misclassified": wrong}
        words = [counted(kinds.count(kind), name) for kind, name in names.items() if kind in kinds]
        return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def worklists_of(run: Run, checks: Checks | None) -> Worklists:
    """Return the lists of a run; made once, and anew when images were measured anew.

    Args:
        run: whose images.
        checks: what was measured of the images of the workspace, if anything was.
    """
    return _worklists(
        run.path, run.manifest["files"]["predictions.parquet"], run.tested_part, suspects_of(run), checks
    )


# What is compared of suspects and checks is whether they are the same: both are kept where they are read.
@lru_cache(maxsize=16)
def _worklists(
    path: Path, predictions_sum: str, tested: str, known: Suspects | None, checks: Checks | None
) -> Worklists:
    table = read_table(path, "predictions.parquet", predictions_sum)
    ranked = known.ranked() if known is not None and known.by_image.tells else None
    learnt = set(table.loc[table["part"].isin(LEARNT), "hash"])
    wrong = table[(table["part"] == tested) & (table["predicted"] != table["subtype"])]
    found = {
        "suspect": [] if ranked is None else ranked.loc[ranked["suspect"], "hash"].tolist(),
        "poor": [] if checks is None else _poor(checks, learnt),
        "misclassified": wrong.sort_values(["confidence", "name"], ascending=[False, True])["hash"].tolist(),
    }
    kinds: dict[str, tuple[str, int]] = {}
    for kind, images in found.items():
        found[kind] = [image for image in images if image not in kinds]
        kinds |= {image: (kind, number) for number, image in enumerate(found[kind], start=1)}
    return Worklists(
        suspects=tuple(found["suspect"]),
        telling=() if known is None else _in_order(known),
        mixed=tuple(_in_turns(found)[:AN_HOUR]),
        kinds=kinds,
        known=known,
        tests=tested == "test",
    )


def _poor(checks: Checks, learnt: Collection[str]) -> list[str]:
    odd = checks.odd()
    return [image for image in checks.worst_first() if image in odd and image in learnt]


def _in_order(known: Suspects) -> tuple[str, ...]:
    chosen = known.table[known.table["telling"] >= 0]
    return tuple(chosen.sort_values("telling")["hash"])


def _in_turns(found: Mapping[str, Sequence[str]]) -> list[str]:
    """Take images of each kind in turns, as ``TURNS`` say, until none is left."""
    waiting = {kind: iter(images) for kind, images in found.items()}
    mixed: list[str] = []
    left = sum(map(len, found.values()))
    while len(mixed) < left:
        turn = [next(waiting[kind], None) for kind in TURNS]
        mixed.extend(image for image in turn if image is not None)
    return mixed
