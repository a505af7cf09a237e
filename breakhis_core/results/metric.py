"""What is known of a metric: its place in an evaluation, its name, direction, lists, cases and function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from breakhis_core.images.taxonomy import CODES
from breakhis_core.metrics.classification import Floats, Integers
from breakhis_core.results.case_sums import CaseSums, Draws

List = Literal[
    "headline",  # The tiles of Results and Compare.
    "main",  # The few that a sentence has room for.
    "command",  # The table of ``evaluate``.
    "comparison",  # The table and the chart of differences.
    "leakage",  # By image beside by case.
    "folds",  # The table of folds.
    "magnifications",  # The table of magnifications on card and report.
    "magnifications on screen",
    "each fold",  # Measured for each fold.
    "each magnification",  # Measured at each magnification.
]
Always = Literal["subtypes", "sides", "malignant"]


@dataclass(frozen=True)
class Metric:
    """A metric.

    Attributes:
        place: its place in an evaluation, such as ``"binary.f1"``. Files hold it: it never changes.
        name: what it is called.
        measured: computes it under draws of cases, shape ``(R,)``, nan where undefined.
        lists: the lists that show it, besides that of all numbers.
        carried_by: counts the cases that it is known from; by default all.
        higher_is_better: not so for errors and losses.
        is_share: whether it lies between 0 and 1.
        is_macro: whether it is a mean over the sub-types with images, each counting the same, however rare.
        noise_adds: whether noise can only add to it, so that its interval is reflected.
        needs_temperature: whether it is there only with a temperature fitted on validation images.
        of_subtype: the sub-type that it is of, where it is of one.
        always: what a constant answer has to name to be a baseline: the commonest sub-type or side of the
            training, or malignant, as to name benign finds no malignant image.
        chance: what chance gives, where that is known; told where there is no such baseline.
        headed: its name on a tile, where that says more.
        meaning: what it is, in a sentence, for a tile.
    """

    place: str
    name: str
    measured: Callable[[Draws], Floats]
    lists: tuple[List, ...] = ()
    carried_by: Callable[[CaseSums], int] = lambda sums: sums.cases
    higher_is_better: bool = True
    is_share: bool = True
    is_macro: bool = False
    noise_adds: bool = False
    needs_temperature: bool = False
    of_subtype: str | None = None
    always: Always | None = None
    chance: float | None = None
    headed: str = ""
    meaning: str = ""

    @property
    def direction_told(self) -> str:
        """Its name, and that lower is better where it is."""
        return self.name if self.higher_is_better else f"{self.name}, lower is better"


@dataclass(frozen=True)
class SubtypeMetric:
    """A metric that each sub-type has, held against the rest.

    Attributes:
        key: its key in ``per_class`` of an evaluation.
        name: what it is called.
        measured: computes it under draws of cases, shape ``(R, K)``, nan where undefined.
        carried_by: counts the cases that it is known from, shape ``(K,)``.
        mean: place of its mean over the sub-types; with one, tables of sub-types show it.
        in_bars: whether the bars of sub-types show it.
    """

    key: str
    name: str
    measured: Callable[[Draws], Floats]
    carried_by: Callable[[CaseSums], Integers]
    mean: str | None = None
    in_bars: bool = False

    @property
    def head(self) -> str:
        """Its name at the head of a column."""
        return self.name[0].upper() + self.name[1:]

    def of(self, k: int) -> Metric:
        """Return the metric of the sub-type at a place of ``CODES``."""
        return Metric(
            f"per_class.{CODES[k]}.{self.key}",
            f"{CODES[k]} {self.name}",
            lambda draws: self.measured(draws)[:, k],
            carried_by=lambda sums: int(self.carried_by(sums)[k]),
            of_subtype=CODES[k],
        )
