"""Catalogued data sets in the database: save a catalogue, read it back, find a picture by its hash."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd
from sqlalchemy import Engine, delete, func, insert, select, update

from breakhis_core.errors import InputError
from breakhis_core.images.catalogue import IMAGE_COLUMNS, PROBLEM_COLUMNS, Catalogue
from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.workspace import Workspace


@dataclass(frozen=True)
class Dataset:
    """One catalogued folder of images.

    Attributes:
        id: its number in this workspace.
        root: the folder.
        phantom: whether its pictures are synthetic phantoms, not tissue.
        images: number of catalogued images, quarantined ones included.
        cases: number of cases.
        problems: number of problems found.
        catalogued_at: ISO 8601, UTC.
    """

    id: int
    root: Path
    phantom: bool
    images: int
    cases: int
    problems: int
    catalogued_at: str

    @property
    def trouble(self) -> str | None:
        """One sentence when the folder is gone (moved, unmounted, not readable), else ``None``."""
        return folder_trouble(self.root)


def folder_trouble(root: Path, known: bool = True) -> str | None:
    """Return what is wrong with a folder of images in one sentence, or ``None``.

    Args:
        root: the folder.
        known: whether it was there before, as that of a data set was; nobody mounts a folder never seen.
    """
    try:
        if not root.is_dir():
            if not known:
                return f"{root}: there is no such folder; give the one that holds BreaKHis_v1."
            return (
                f"{root}: the folder of the images is not there; mount the disk again, "
                "or catalogue the folder where it lies now."
            )
        if next(root.iterdir(), None) is None:
            return f"{root}: the folder of the images is empty; is its disk mounted?"
    except OSError as error:
        return f"{root}: the folder of the images cannot be read ({error.strerror})."
    return None


def save_catalogue(workspace: Workspace, catalogue: Catalogue) -> int:
    """Save a catalogue in one transaction; one of the same folder is replaced and keeps its number.

    Returns:
        The data set's id.
    """
    root = str(catalogue.root.resolve())
    facts = {"phantom": bool(catalogue.phantom), "catalogued_at": db.now()}
    with db.writing(workspace.engine, "datasets") as connection:
        known = connection.execute(
            select(tables.datasets.c.id).where(tables.datasets.c.root == root)
        ).scalar()
        if known is None:
            number = connection.execute(
                insert(tables.datasets).values(root=root, **facts).returning(tables.datasets.c.id)
            ).scalar_one()
        else:
            number = known
            connection.execute(update(tables.datasets).where(tables.datasets.c.id == known).values(**facts))
            connection.execute(delete(tables.images).where(tables.images.c.dataset == known))
            connection.execute(delete(tables.problems).where(tables.problems.c.dataset == known))
        for table, frame, columns in (
            (tables.images, catalogue.images, IMAGE_COLUMNS),
            (tables.problems, catalogue.problems, PROBLEM_COLUMNS),
        ):
            rows = frame.loc[:, list(columns)].astype(object).to_dict("records")
            if rows:
                connection.execute(insert(table), [{**row, "dataset": number} for row in rows])
    return int(number)


def datasets(workspace: Workspace) -> list[Dataset]:
    """Return the catalogued data sets, newest first."""
    per_image = (
        select(
            tables.images.c.dataset,
            func.count().label("images"),
            func.count(tables.images.c.case.distinct()).label("cases"),
        )
        .group_by(tables.images.c.dataset)
        .subquery()
    )
    per_problem = (
        select(tables.problems.c.dataset, func.count().label("problems"))
        .group_by(tables.problems.c.dataset)
        .subquery()
    )
    query = (
        select(
            tables.datasets,
            func.coalesce(per_image.c.images, 0).label("images"),
            func.coalesce(per_image.c.cases, 0).label("cases"),
            func.coalesce(per_problem.c.problems, 0).label("problems"),
        )
        .outerjoin(per_image, per_image.c.dataset == tables.datasets.c.id)
        .outerjoin(per_problem, per_problem.c.dataset == tables.datasets.c.id)
        .order_by(tables.datasets.c.catalogued_at.desc(), tables.datasets.c.id.desc())
    )
    with workspace.engine.connect() as connection:
        rows = connection.execute(query).all()
    return [
        Dataset(
            row.id, Path(row.root), bool(row.phantom), row.images, row.cases, row.problems, row.catalogued_at
        )
        for row in rows
    ]


def dataset_named(workspace: Workspace, name: str | Path) -> Dataset:
    """Return the data set that people mean by its folder, or by the name of that folder.

    Raises:
        InputError: there is none; the message says which there are.
    """
    known = datasets(workspace)
    folder = Path(name).expanduser().resolve()
    found = next((one for one in known if folder == one.root or str(name) == one.root.name), None)
    if found is None:
        names = ", ".join(one.root.name for one in known) or "none"
        raise InputError(f"{name} is no data set of this workspace; there are: {names}.")
    return found


def load_images(workspace: Workspace, dataset: int | None = None) -> pd.DataFrame:
    """Return the images of a data set, or of all.

    Returns:
        A frame with the columns ``IMAGE_COLUMNS`` and ``dataset``, in the order of the catalogue.
    """
    columns = [tables.images.c[name] for name in (*IMAGE_COLUMNS, "dataset")]
    query = select(*columns).order_by(tables.images.c.id)
    if dataset is not None:
        query = query.where(tables.images.c.dataset == dataset)
    with workspace.engine.connect() as connection:
        rows = connection.execute(query).all()
    return pd.DataFrame.from_records(rows, columns=[*IMAGE_COLUMNS, "dataset"])


def files(workspace: Workspace) -> dict[str, Path]:
    """Return where each catalogued image lies, by its hash; of several places the one catalogued first."""
    image, dataset = tables.images, tables.datasets
    query = (
        select(image.c.hash, dataset.c.root, image.c.path)
        .join(dataset, dataset.c.id == image.c.dataset)
        .order_by(image.c.id.desc())
    )
    with workspace.engine.connect() as connection:
        return {hashed: Path(root) / PurePosixPath(path) for hashed, root, path in connection.execute(query)}


def image_hashes(engine: Engine, dataset: int) -> frozenset[str]:
    """Return the identities of a data set's images, quarantined ones included."""
    with engine.connect() as connection:
        return frozenset(
            connection.scalars(select(tables.images.c.hash).where(tables.images.c.dataset == dataset))
        )


def load_problems(workspace: Workspace, dataset: int) -> pd.DataFrame:
    """Return the problems of a data set, with the columns path, kind and reason."""
    columns = [tables.problems.c[name] for name in PROBLEM_COLUMNS]
    query = select(*columns).where(tables.problems.c.dataset == dataset).order_by(tables.problems.c.id)
    with workspace.engine.connect() as connection:
        rows = connection.execute(query).all()
    return pd.DataFrame.from_records(rows, columns=list(PROBLEM_COLUMNS))


def picture_path(workspace: Workspace, image: str) -> Path | None:
    """Return the file of a catalogued image, from any data set that has it.

    Only hashes in the catalogue lead to a file, and only to one inside its data set's folder, links followed;
    anything else is ``None``.
    """
    return next((path for root, path in _places(workspace, image) if _is_inside(root, path)), None)


def picture_size(workspace: Workspace, image: str) -> tuple[int, int] | None:
    """Return width and height in pixels of a catalogued image, or ``None``."""
    columns = tables.images.c
    query = select(columns.width, columns.height).where(columns.hash == image).limit(1)
    with workspace.engine.connect() as connection:
        row = connection.execute(query).first()
    return None if row is None else (row.width, row.height)


def picture_trouble(workspace: Workspace, image: str) -> str:
    """Return in one sentence why an image has no picture here."""
    places = _places(workspace, image)
    for root, path in places:
        trouble = folder_trouble(root)
        if trouble is not None:
            return trouble
        if not path.exists():
            return f"{path.name}: the file is gone from {root}; catalogue the folder again."
        if not _is_inside(root, path):
            return f"{path.name}: the file is a link that leads out of {root}; it is not shown."
    if not places:
        return "This image is not in the catalogue: catalogue the folder that it came from."
    return f"{places[0][1].name}: the file cannot be read."


def _places(workspace: Workspace, image: str) -> list[tuple[Path, Path]]:
    query = (
        select(tables.datasets.c.root, tables.images.c.path)
        .join(tables.datasets, tables.datasets.c.id == tables.images.c.dataset)
        .where(tables.images.c.hash == image)
        .order_by(tables.images.c.id)
    )
    with workspace.engine.connect() as connection:
        rows = connection.execute(query).all()
    return [(Path(root), Path(root) / PurePosixPath(path)) for root, path in rows]


def _is_inside(root: Path, path: Path) -> bool:
    return path.is_file() and path.resolve().is_relative_to(root.resolve())
