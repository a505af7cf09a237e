"""Writing a run folder: to a temporary name first, and renamed when it is whole."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from breakhis_core.errors import InputError
from breakhis_core.runs.folder import FORMAT, MANIFEST, VERIFIED, check_folder
from breakhis_core.storage import database
from breakhis_core.storage.fingerprints import Fingerprints
from breakhis_core.storage.whole_files import write_atomically

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_UNFINISHED = ".writing-"
_ABANDONED_AFTER = 2 * 24 * 3600.0


def check_name(name: str) -> str:
    """Return a run's name if a folder can be called so.

    Raises:
        InputError: it is empty, too long, or has other characters than letters, digits, ``. _ -``.

    >>> check_name("demo-2")
    'demo-2'
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot name a run; use up to 80 letters, digits, dots, dashes and underscores, "
            "the first a letter or digit."
        )
    return name


def free_name(models: Path, stem: str) -> str:
    """Return the stem as a valid run name, numbered if a run of that name exists.

    >>> free_name(Path("/nowhere"), "by case, 13 epochs")
    'by-case-13-epochs'
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:70] or "run"
    name, number = stem, 2
    while (models / name).exists():
        name, number = f"{stem}-{number}", number + 1
    return name


def write_facts(
    folder: Path,
    *,
    phantom: bool,
    unit: str,
    split_seed: int,
    weights: str,
    seconds: float,
    versions: Mapping[str, str],
    improves: str | None = None,
    excluded: Sequence[str] = (),
    **more: Any,
) -> None:
    """Write what the manifest shall say into a folder given by ``writing_run``.

    Args:
        folder: the temporary folder.
        phantom: whether the images are synthetic phantoms.
        unit: ``"image"`` or ``"case"``.
        split_seed: seed of the split.
        weights: what training began with, in words: ``"imagenet"``, ``"none"`` or a file's name.
        seconds: how long it took.
        versions: versions of the libraries, by name.
        improves: name of the run whose split was kept.
        excluded: hashes left out of train and validation.
        more: anything else worth keeping; must go into JSON.
    """
    facts = {
        "phantom": phantom,
        "unit": unit,
        "split_seed": split_seed,
        "improves": improves,
        "excluded": sorted(excluded),
        "weights": weights,
        "seconds": seconds,
        "versions": dict(versions),
        **more,
    }
    (folder / MANIFEST).write_text(json.dumps(facts), "utf-8")


@contextmanager
def writing_run(models: Path, name: str) -> Iterator[Path]:
    """Give a temporary folder to fill; when the block ends well it becomes the run ``models/name``.

    The block writes the files of ``folder.RUN_FILES`` and calls ``write_facts``. At its end each file is
    hashed and brought to the disk, the folder is checked like any run that is opened, and renamed. When the
    block fails, nothing is left.

    Raises:
        InputError: the name is taken or not valid.
        RunRefusedError: what was written is not a whole run.
    """
    target = models / check_name(name)
    if target.exists():
        raise InputError(f"A run named {name} exists already; choose another name.")
    models.mkdir(parents=True, exist_ok=True)
    _clear_abandoned(models)
    folder = Path(tempfile.mkdtemp(dir=models, prefix=f"{_UNFINISHED}{name}-"))
    try:
        yield folder
        _finish(folder, name)
        folder.chmod(0o755)
        try:
            folder.rename(target)
        except OSError as error:
            if target.exists():
                raise InputError(f"A run named {name} exists already; choose another name.") from error
            raise InputError(f"The run {name} cannot be put into {models}: {error.strerror}.") from error
        _sync(models)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def add_files(run: Path, write: Callable[[Path], None]) -> None:
    """Add files to a run folder that is there; killed at any moment, it is whole with or without them.

    Args:
        run: the folder.
        write: writes the files into the empty folder that it is given.

    Raises:
        InputError: the folder cannot be written.
        RunRefusedError: with the files the folder would be no run.
    """
    try:
        folder = Path(tempfile.mkdtemp(dir=run.parent, prefix=f"{_UNFINISHED}{run.name}-"))
    except OSError as error:
        raise InputError(f"{run.parent} cannot be written ({error.strerror}).") from error
    try:
        write(folder)
        added = _hashes(folder)
        manifest = json.loads((run / MANIFEST).read_text("utf-8"))
        manifest["files"] = dict(sorted({**manifest["files"], **added}.items()))
        for name in added:
            # Until the manifest lists them, nobody looks at them.
            (folder / name).replace(run / name)
        _sync(run)
        write_atomically(run / MANIFEST, json.dumps(manifest, indent=1).encode())
        check_folder(run, Fingerprints(run.parent / VERIFIED))
    except OSError as error:
        raise InputError(f"The run {run.name} cannot be written ({error.strerror}).") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below a folder, all of them on the disk by then."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as stream:
                files[path.relative_to(folder).as_posix()] = hashlib.file_digest(stream, "sha256").hexdigest()
                os.fsync(stream.fileno())
    return files


def _finish(folder: Path, name: str) -> None:
    file = folder / MANIFEST
    facts = json.loads(file.read_text("utf-8")) if file.exists() else {}
    file.unlink(missing_ok=True)
    manifest = {"format": FORMAT, "name": name, "created": database.now(), **facts, "files": _hashes(folder)}
    with file.open("w", encoding="utf-8") as out:
        json.dump(manifest, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    _sync(folder)
    check_folder(folder, Fingerprints(folder.parent / VERIFIED))


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _clear_abandoned(models: Path) -> None:
    """Remove what killed trainings left behind; two days, since one that still writes is never that slow."""
    for folder in models.glob(f"{_UNFINISHED}*"):
        if time.time() - folder.stat().st_mtime > _ABANDONED_AFTER:
            shutil.rmtree(folder, ignore_errors=True)
