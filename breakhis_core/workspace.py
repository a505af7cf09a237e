"""The workspace: one folder with the database, the caches and the jobs, and the models folder beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from sqlalchemy import Engine

from breakhis_core.errors import UnavailableError
from breakhis_core.settings import Settings
from breakhis_core.storage import database, migration


@dataclass(frozen=True)
class Workspace:
    """An open workspace.

    Attributes:
        root: its folder.
        models: folder of the run folders.
        engine: the database.
        settings: what it was opened with.
    """

    root: Path
    models: Path
    engine: Engine
    settings: Settings

    @classmethod
    def open(cls, settings: Settings | None = None) -> Workspace:
        """Open a workspace, making what is missing: folders, database, tables.

        Args:
            settings: where things are; by default what the environment says.

        Raises:
            UnavailableError: a folder cannot be written, or the database cannot be opened.
        """
        settings = Settings() if settings is None else settings
        root = settings.workspace
        engine = database.connect(settings.database_url, root / "breakhis.db")
        workspace = cls(root, settings.models, engine, settings)
        try:
            for folder in (root, workspace.models, workspace.thumbnails, workspace.features, workspace.jobs):
                _make(folder)
            migration.migrate(engine, root / "migrate.lock")
        except UnavailableError:
            workspace.close()
            raise
        return workspace

    @property
    def phantoms(self) -> Path:
        """Folder of the demo's phantoms."""
        return self.root / "phantoms"

    @property
    def thumbnails(self) -> Path:
        """Folder of the small pictures, by hash."""
        return self.root / "thumbnails"

    @property
    def features(self) -> Path:
        """Folder of the frozen part's kept output."""
        return self.root / "features"

    @property
    def jobs(self) -> Path:
        """Folder of the jobs' logs, progress and checkpoints."""
        return self.root / "jobs"

    @property
    def weights(self) -> Path:
        """Folder of downloaded weights."""
        return self.root / "weights"

    def close(self) -> None:
        """Close the database's connections."""
        self.engine.dispose()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError(
            f"{folder}: the folder cannot be made ({error.strerror}); "
            "set BREAKHIS_WORKSPACE or BREAKHIS_MODELS to a folder that can be written."
        ) from error


class _Shared:
    """The workspace of this process, or why the latest attempt to open it failed."""

    def __init__(self) -> None:
        self.workspace: Workspace | None = None
        self.failure: UnavailableError | None = None
        self.failures = 0
        self.lock = Lock()


_shared = _Shared()


def shared_workspace() -> Workspace:
    """Return the workspace that the environment names, opened once for all who ask in this process.

    Raises:
        UnavailableError: as ``Workspace.open``. Who waited for the attempt that failed gets its error, who
            asks later tries again.
    """
    if _shared.workspace is None:
        seen = _shared.failures
        with _shared.lock:
            if _shared.workspace is None:
                if _shared.failure is not None and _shared.failures > seen:
                    raise _shared.failure
                try:
                    _shared.workspace = Workspace.open()
                except UnavailableError as error:
                    _shared.failure = error
                    _shared.failures += 1
                    raise
    return _shared.workspace


def close_shared_workspace() -> None:
    """Close it; who asks next opens what the environment names then."""
    with _shared.lock:
        if _shared.workspace is not None:
            _shared.workspace.close()
        _shared.workspace = None
