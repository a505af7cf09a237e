"""Which images a run is about: those of the data sets that its own images come from.

What is said, counted, exported or left out for a run is said of these images. A workspace holds phantoms
beside tissue, and a sample beside the archive; what was flagged in one must not count in another.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from breakhis_core.images import datasets
from breakhis_core.images.datasets import Dataset, image_hashes
from breakhis_core.runs.run import Run
from breakhis_core.workspace import Workspace

_KEPT_AT_MOST = 32
_kept: dict[tuple[Engine, tuple[tuple[int, str], ...], str], Scope] = {}
"""By database, data sets as they were catalogued, and content of the run's predictions."""


@dataclass(frozen=True)
class Scope:
    """The images that a run is about.

    Attributes:
        name: of the data sets; of the run, when its images are catalogued nowhere here.
        phantom: whether they are synthetic phantoms, not tissue.
        datasets: numbers of the data sets.
        hashes: identities of all their images, quarantined ones and the run's own included.
    """

    name: str
    phantom: bool
    datasets: tuple[int, ...]
    hashes: frozenset[str]


def scope_of(workspace: Workspace, run: Run) -> Scope:
    """Return the images that a run is about.

    Of data sets that hold the same images of the run the smallest counts: a sample, not its archive.
    """
    found = [data for data in datasets.datasets(workspace) if data.phantom == run.phantom]
    catalogued = tuple((data.id, data.catalogued_at) for data in found)
    key = (workspace.engine, catalogued, str(run.manifest["files"]["predictions.parquet"]))
    if key not in _kept:
        while len(_kept) >= _KEPT_AT_MOST:
            _kept.pop(next(iter(_kept)), None)
        _kept[key] = _scope(workspace.engine, found, run)
    return _kept[key]


def covers(workspace: Workspace, run: Run, data: Dataset) -> bool:
    """Return whether a run is about a data set: that one, or another that holds the same images."""
    scope = scope_of(workspace, run)
    if data.phantom != scope.phantom:
        return False
    return data.id in scope.datasets or not scope.hashes.isdisjoint(image_hashes(workspace.engine, data.id))


def _scope(engine: Engine, found: list[Dataset], run: Run) -> Scope:
    own = frozenset(run.predictions()["hash"])
    images = {data.id: image_hashes(engine, data.id) for data in found}
    missing, chosen = set(own), []
    for data in sorted(found, key=lambda data: (-len(own & images[data.id]), data.images)):
        if missing & images[data.id]:
            missing -= images[data.id]
            chosen.append(data)
    return Scope(
        name=" and ".join(data.root.name for data in chosen) or run.name,
        phantom=run.phantom,
        datasets=tuple(data.id for data in chosen),
        hashes=own.union(*(images[data.id] for data in chosen)),
    )
