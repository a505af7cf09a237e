"""From a file to what a run says of it: one decoding, one forward pass; for screen and command."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from breakhis_core.errors import InputError
from breakhis_core.images import pixels, taxonomy
from breakhis_core.images.input_form import InputForm
from breakhis_core.runs.predictor import Predictor
from breakhis_core.storage.spreadsheets import safe_cell

MAX_FILES = 100
MAX_MEGABYTES = 64
"""Above this no file of 50 megapixels need be: the browser is told before it sends one."""

_SHOWN = 1400
_ONE_AT_A_TIME = threading.Lock()
"""A 50-megapixel picture takes 300 MB while it is decoded: one at any moment, whoever sent it."""


@dataclass(frozen=True)
class Classified:
    """One uploaded file and what the run says of it.

    Attributes:
        file: name of the file as uploaded.
        error: why it could not be used, one sentence; the rest is empty then.
        hash: hash of the decoded pixels.
        size: width and height in pixels.
        probabilities: one of each sub-type, in the order of ``images.taxonomy.CODES``.
        class_maps: array of shape (8, rows, columns), signed as the predictor gives it.
        shown: JPEG of the picture, at most 1,400 pixels wide or high.
        thumbnail: JPEG of 120 pixels' width.
    """

    file: str
    error: str | None = None
    hash: str = ""
    size: tuple[int, int] = (0, 0)
    probabilities: tuple[float, ...] = ()
    class_maps: npt.NDArray[np.float32] | None = None
    shown: bytes = b""
    thumbnail: bytes = b""

    @property
    def subtype(self) -> str:
        """Code of the most probable sub-type."""
        return taxonomy.CODES[int(np.argmax(self.probabilities))]

    @property
    def side(self) -> str:
        """Side of the most probable sub-type."""
        return taxonomy.side_of(self.subtype)

    @property
    def confidence(self) -> float:
        """Probability of the most probable sub-type."""
        return max(self.probabilities)

    @property
    def malignant(self) -> float:
        """Probability of the four malignant sub-types together."""
        return float(sum(np.compress(taxonomy.MALIGNANT, self.probabilities)))


def classify(predictor: Predictor, form: InputForm, name: str, content: bytes) -> Classified:
    """Classify one uploaded file; a file that cannot be used comes back with its reason.

    Args:
        predictor: of a run.
        form: the run's ``input_form``.
        name: of the file.
        content: of the file.
    """
    try:
        with _ONE_AT_A_TIME:
            picture = pixels.decode(content, name)
            identity = pixels.pixel_hash(picture)
            shown, small = _jpeg(picture, _SHOWN), pixels.thumbnail(picture, 120)
            inputs = form.of(picture)
            height, width, _ = picture.shape
            del picture
    except InputError as error:
        return Classified(name, error=str(error))
    predicted = predictor.predict(inputs[None])
    return Classified(
        name,
        hash=identity,
        size=(width, height),
        probabilities=tuple(float(value) for value in predicted.probabilities[0]),
        class_maps=np.asarray(predicted.class_maps[0], np.float32),
        shown=shown,
        thumbnail=small,
    )


@dataclass(frozen=True)
class Known:
    """What a run knows of an image that it has seen: its part, its name and its label."""

    part: str
    name: str
    subtype: str


def known_images(predictions: pd.DataFrame) -> dict[str, Known]:
    """Return what a run knows of each of its images, by hash."""
    columns = (predictions[name] for name in ("hash", "part", "name", "subtype"))
    return {image: Known(*rest) for image, *rest in zip(*columns, strict=True)}


def what_is_known(known: Known | None) -> str | None:
    """Return the sentence on an image that the run has seen before, or None.

    >>> what_is_known(Known("test", "SOB_B_A-14-22549AB-100-001.png", "A"))
    'In this run’s test set as SOB_B_A-14-22549AB-100-001.png, labelled A adenosis.'
    """
    if known is None:
        return None
    labelled = f"as {known.name}, labelled {known.subtype} {taxonomy.subtype(known.subtype).name}."
    if known.part == "train":
        return (
            f"In this run’s training set {labelled} The model learnt this very image: its answer is no test."
        )
    if known.part == "excluded":
        return f"Left out of this run’s training; known {labelled}"
    return f"In this run’s {known.part} set {labelled}"


def results_csv(results: Iterable[Classified], known: Mapping[str, Known], run: str) -> bytes:
    """Return the results as CSV, one row per file, errors too; safe to open in a spreadsheet."""
    return records_csv((record(result, known) for result in results), run)


def records_csv(records: Iterable[Mapping[str, Any]], run: str) -> bytes:
    """Return records, see ``record``, as the same CSV."""
    table = _table(records, run)
    safe = table.map(lambda value: safe_cell(value) if isinstance(value, str) else value)
    text: str = safe.to_csv(index=False)
    return text.encode()


def results_table(results: Iterable[Classified], known: Mapping[str, Known], run: str) -> pd.DataFrame:
    """Return the results as a frame, one row per file, errors too.

    Returns:
        Columns file, subtype, name, side, confidence, malignant, one probability of each sub-type, hash,
        seen_in (the part of the run that has the image), run, and error (why a file could not be used).
    """
    return _table((record(result, known) for result in results), run)


def _table(records: Iterable[Mapping[str, Any]], run: str) -> pd.DataFrame:
    rows = [{**_flat(one), "run": run} for one in records]
    probabilities = [f"p_{code}" for code in taxonomy.CODES]
    columns = ["file", "subtype", "name", "side", "confidence", "malignant", *probabilities]
    return pd.DataFrame(rows, columns=[*columns, "hash", "seen_in", "run", "error"])


def results_json(results: Iterable[Classified], known: Mapping[str, Known], run: str) -> bytes:
    """Return the results as JSON, one object per file; the same keys as on the command line."""
    records = [{**record(result, known), "run": run} for result in results]
    return json.dumps(records, indent=1, ensure_ascii=False).encode()


def record(result: Classified, known: Mapping[str, Known]) -> dict[str, Any]:
    """Return what is told of one file: what the run says of it, or file and error alone.

    Args:
        result: of ``classify``.
        known: the run's own images, see ``known_images``; ``seen_in`` is the part that holds the picture.
    """
    if result.error is not None:
        return {"file": result.file, "error": result.error}
    seen = known.get(result.hash)
    return {
        "file": result.file,
        "hash": result.hash,
        "subtype": result.subtype,
        "name": taxonomy.subtype(result.subtype).name,
        "side": result.side,
        "confidence": result.confidence,
        "malignant": result.malignant,
        "probabilities": dict(zip(taxonomy.CODES, result.probabilities, strict=True)),
        "seen_in": None if seen is None else seen.part,
    }


def _flat(told: Mapping[str, Any]) -> dict[str, Any]:
    flat = {name: value for name, value in told.items() if name != "probabilities"}
    return flat | {f"p_{code}": value for code, value in told.get("probabilities", {}).items()}


def _jpeg(picture: npt.NDArray[np.uint8], longest: int) -> bytes:
    image = Image.fromarray(picture)
    image.thumbnail((longest, longest), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return pixels.jpeg(image, 92)
