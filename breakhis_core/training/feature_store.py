"""Outputs of the frozen part, kept on disk within a bound."""

from __future__ import annotations

import os
import shutil
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from breakhis_core.storage.bounded import LIMIT_BYTES, size_of, use

Features = npt.NDArray[np.float16]


Key = tuple[str, int]
"""Hash of an image, and how it is shown: a number of ``Recipe.variants``."""


_BROKEN = (zipfile.BadZipFile, ValueError, KeyError, EOFError, OSError)


@dataclass
class FeatureStore:
    """Outputs of one frozen part.

    Attributes:
        folder: where its shards lie.
    """

    folder: Path
    _places: dict[Key, tuple[Path, int]] = field(default_factory=dict)

    @classmethod
    def open(cls, root: Path, key: str, limit: int = LIMIT_BYTES) -> FeatureStore:
        """Open the store of a frozen part, and make room by removing the stores unused for longest.

        Args:
            root: folder of all stores.
            key: names the frozen part and the form of its inputs.
            limit: bytes that all stores together may take; the opened one is never removed.
        """
        store = cls(root / key)
        use(store.folder, limit)
        for shard in sorted(store.folder.glob("*.npz")):
            store._index(shard)
        return store

    def __contains__(self, key: Key) -> bool:
        return key in self._places

    def add(self, keys: Sequence[Key], outputs: Features) -> None:
        """Keep outputs as one shard.

        Args:
            keys: of N outputs.
            outputs: (N, ...) float16.
        """
        # Somebody may have cleared the stores while this one was open.
        self.folder.mkdir(parents=True, exist_ok=True)
        shard = self.folder / f"{uuid.uuid4().hex}.npz"
        part = shard.with_suffix(".part")
        with part.open("wb") as stream:
            np.savez(
                stream,
                hashes=np.array([image for image, _ in keys]),
                flipped=np.array([variant for _, variant in keys], np.int8),
                outputs=outputs,
            )
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(shard)
        self._places.update({key: (shard, row) for row, key in enumerate(keys)})

    def read_into(self, target: Features, rows: Mapping[Key, tuple[int, ...]]) -> None:
        """Copy kept outputs to their rows of an array; keys of a damaged shard are forgotten.

        Args:
            target: float16 array.
            rows: index into ``target`` for each wanted key.
        """
        wanted: dict[Path, list[tuple[int, tuple[int, ...]]]] = {}
        for key, row in rows.items():
            if key in self._places:
                shard, place = self._places[key]
                wanted.setdefault(shard, []).append((place, row))
        for shard, pairs in wanted.items():
            try:
                # Reading the whole member checks its CRC.
                with np.load(shard, allow_pickle=False) as content:
                    outputs = content["outputs"]
                for place, row in pairs:
                    target[row] = outputs[place]
            except (*_BROKEN, IndexError):
                self._forget(shard)

    def _index(self, shard: Path) -> None:
        try:
            with np.load(shard, allow_pickle=False) as content:
                keys = zip(content["hashes"].tolist(), map(int, content["flipped"]), strict=True)
            self._places.update({key: (shard, row) for row, key in enumerate(keys)})
        except _BROKEN:
            self._forget(shard)

    def _forget(self, shard: Path) -> None:
        shard.unlink(missing_ok=True)
        self._places = {key: place for key, place in self._places.items() if place[0] != shard}


def kept_features(root: Path) -> list[tuple[str, int]]:
    """Return the name and the bytes of each store, kept model inputs among them, the largest first."""
    stores = [(folder.name, size_of(folder)) for folder in root.iterdir()] if root.is_dir() else []
    return sorted(stores, key=lambda store: -store[1])


def clear_features(root: Path) -> int:
    """Remove all kept outputs and model inputs.

    Returns:
        Bytes that were freed.
    """
    freed = size_of(root)
    for folder in root.iterdir() if root.is_dir() else ():
        shutil.rmtree(folder, ignore_errors=True)
    return freed
