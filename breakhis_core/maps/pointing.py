"""The grid pointing game: do a model's maps point to where their sub-type is? It needs no annotation.

Four pictures of four sub-types, each of which the model gets right alone, are laid out two by two, and the
model is shown them as one picture, each at the size at which it was learnt. The map of a sub-type should lie
on its own picture: the score is the share of the map's positive evidence there. Evidence that is spread
evenly, or at random, scores 0.25; a map without any evidence points nowhere and scores 0.

Source: Rao, Böhle and Schiele, "Towards Better Understanding Attribution Methods", CVPR 2022, arXiv
2205.10435. As there, the mosaic is larger than what the model was trained on, which behind global pooling it
takes; the pictures are test images that it gets right, and other than there not only those that it is surest
of: a patient's image is not chosen by how sure somebody is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core.images.input_form import InputForm
from breakhis_core.images.model_inputs import read_inputs
from breakhis_core.images.pixels import Pixels
from breakhis_core.images.taxonomy import CODES
from breakhis_core.maps.painted import Maps, on_painted
from breakhis_core.networks.export import enlarged
from breakhis_core.runs import Run
from breakhis_core.runs.folder import PAINTED, POINTING
from breakhis_core.runs.pointing import COLUMNS
from breakhis_core.runs.predictor import Predictor
from breakhis_core.runs.writing import add_files

MOST = 96
"""Mosaics at most; at 224x224 they take three seconds on two cores."""
_SIDE = 2
_AT_ONCE = 4


def play(
    file: Path,
    predictions: pd.DataFrame,
    files: Mapping[str, Path],
    form: InputForm,
    progress: Callable[[int, int], None] | None = None,
    kept: Path | None = None,
) -> pd.DataFrame:
    """Play the game with the test images of a run that its model gets right.

    Args:
        file: the run's predictor.
        predictions: of the run.
        files: where the pictures lie, by hash.
        form: the run's ``input_form``.
        progress: called with mosaics done and mosaics in all; may raise to stop.
        kept: as for `images.model_inputs.read_inputs`.

    Returns:
        One row for each image that was shown, columns ``runs.pointing.COLUMNS``: its hash, the mean share of
        evidence on it, and the mosaics that showed it. No row where fewer than four sub-types have an image
        that the model gets right.

    Raises:
        BadImageError: a picture cannot be read.
    """
    right = predictions[
        (predictions["part"] == "test") & (predictions["predicted"] == predictions["subtype"])
    ]
    mosaics = deal(right[["hash", "subtype"]])
    subtypes = dict(zip(right["hash"], right["subtype"], strict=True))
    shares: dict[str, list[float]] = {}
    if mosaics:
        predictor = Predictor.of(enlarged(file.read_bytes(), _SIDE), file.name)
        pictures = _pictures(sorted({image for mosaic in mosaics for image in mosaic}), files, form, kept)
        for at in range(0, len(mosaics), _AT_ONCE):
            some = mosaics[at : at + _AT_ONCE]
            maps = predictor.predict(
                np.stack([_laid_out([pictures[image] for image in one]) for one in some])
            )
            for one, drawn in zip(some, maps.class_maps, strict=True):
                for place, image in enumerate(one):
                    own = np.asarray(drawn[CODES.index(subtypes[image])], np.float64)
                    shares.setdefault(image, []).append(share_in_quarter(own, place))
            if progress is not None:
                progress(min(at + _AT_ONCE, len(mosaics)), len(mosaics))
    rows = [(image, float(np.mean(found)), len(found)) for image, found in sorted(shares.items())]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def ask_maps(
    folder: Path,
    predictor: Path,
    predictions: pd.DataFrame,
    class_maps: Maps,
    files: Mapping[str, Path],
    form: InputForm,
    phantom: bool,
    progress: Callable[[int, int], None] | None = None,
    kept: Path | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Write whether the maps of a run point to their sub-type.

    Args:
        folder: where the tables go.
        predictor: the run's, as the other arguments are.
        predictions: N rows.
        class_maps: (N, 8, rows, columns).
        files: as of `play`.
        form: as of `play`.
        phantom: whether the images are phantoms, which also know where the sub-type was painted.
        progress: as of `play`.
        kept: as of `play`.

    Returns:
        What `play` says, and what `painted.on_painted` says of phantoms.

    Raises:
        BadImageError: a picture cannot be read.
    """
    played = play(predictor, predictions, files, form, progress, kept)
    played.to_parquet(folder / POINTING, index=False)
    if not phantom:
        return played, None
    asked = on_painted(predictions, class_maps, form)
    asked.to_parquet(folder / PAINTED, index=False)
    return played, asked


def play_late(
    run: Run,
    files: Mapping[str, Path],
    progress: Callable[[int, int], None] | None = None,
    kept: Path | None = None,
) -> None:
    """Play the game with a run that was made before there was one, and add the result to its folder.

    Args:
        run: a run of one model.
        files: where the pictures lie, by hash.
        progress: as of `play`.
        kept: as of `play`.

    Raises:
        InputError: a picture cannot be read, or the folder cannot be written.
    """
    if run.pointing() is not None:
        return

    def write(folder: Path) -> None:
        maps, form = run.class_maps(), run.input_form
        ask_maps(
            folder, run.predictor_file, run.predictions(), maps, files, form, run.phantom, progress, kept
        )

    add_files(run.path, write)


def deal(right: pd.DataFrame, seed: int = 0) -> list[tuple[str, ...]]:
    """Deal images into mosaics of four sub-types; those that were shown least are next.

    Args:
        right: columns hash and subtype of the images that may be shown.
        seed: draws the mosaics.

    Returns:
        Four hashes for each mosaic: top left, top right, bottom left, bottom right.
    """
    draw = np.random.default_rng(seed)
    by_subtype = {str(code): sorted(images["hash"]) for code, images in right.groupby("subtype")}
    if len(by_subtype) < _SIDE**2:
        return []
    shown = dict.fromkeys(right["hash"], 0)
    mosaics = []
    for _ in range(min(MOST, -(-len(right) // 2))):
        # Of each sub-type the image that was shown least; of these the four that were shown least.
        turns = [
            min((shown[image], draw.random(), image) for image in images) for images in by_subtype.values()
        ]
        chosen = sorted(turns)[: _SIDE**2]
        mosaic = tuple(chosen[at][2] for at in draw.permutation(_SIDE**2))
        for image in mosaic:
            shown[image] += 1
        mosaics.append(mosaic)
    return mosaics


def share_in_quarter(evidence: npt.NDArray[np.float64], place: int) -> float:
    """Return the share of a map's positive evidence that lies in one quarter.

    Args:
        evidence: (rows, columns), signed; a row or column in the middle counts half on either side.
        place: 0 top left, 1 top right, 2 bottom left, 3 bottom right.

    >>> share_in_quarter(np.array([[3.0, -9.0], [1.0, 0.0]]), 0)
    0.75
    """
    positive = np.maximum(evidence, 0)
    whole = positive.sum()
    down, across = (
        _half(size, side) for size, side in zip(evidence.shape, divmod(place, _SIDE), strict=True)
    )
    return float(down @ positive @ across / whole) if whole > 0 else 0.0


def _half(cells: int, second: int) -> npt.NDArray[np.float64]:
    """Return how much of each cell lies in the first or the second half of a side."""
    first: npt.NDArray[np.float64] = np.clip(cells / 2 - np.arange(cells), 0, 1)
    return 1 - first if second else first


def _laid_out(pictures: list[Pixels]) -> Pixels:
    rows = [np.concatenate(pictures[at : at + _SIDE], axis=1) for at in range(0, _SIDE**2, _SIDE)]
    return np.concatenate(rows)


def _pictures(
    hashes: list[str], files: Mapping[str, Path], form: InputForm, kept: Path | None
) -> dict[str, Pixels]:
    found: dict[str, Pixels] = {}
    for some, batch in read_inputs(hashes, files, form, kept=kept):
        found.update(zip(some, batch, strict=True))
    return found
