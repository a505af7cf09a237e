"""Predictions tables of any size and kind, for the tests of metrics, comparison, card, report and charts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from breakhis_core.images.taxonomy import CODES, MAGNIFICATIONS, side_of


def predictions_table(
    images: int = 240, cases: int = 24, skill: float = 2.5, seed: int = 0, part: str = "test", codes=CODES
) -> pd.DataFrame:
    """Make a table in which cases cluster: a case's images share a difficulty."""
    of_cases = np.random.default_rng(images + cases)
    case = np.arange(images) % cases
    true = np.array([CODES.index(codes[c % len(codes)]) for c in range(cases)])[case]
    draw = np.random.default_rng(seed)
    logits = draw.normal(size=(images, 8)) + of_cases.normal(size=(cases, 8))[case]
    logits[np.arange(images), true] += skill
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return table_of(true, probabilities.astype(np.float32), case, part)


def table_of(true, probabilities, case, part="test") -> pd.DataFrame:
    """Put true classes, probabilities and cases into a predictions table."""
    true, probabilities = np.asarray(true), np.asarray(probabilities)
    predicted = probabilities.argmax(1)
    slides = [f"14-{number:05d}" for number in case]
    table = pd.DataFrame(
        {
            "hash": [f"{part}-{index:032x}" for index in range(len(true))],
            "name": [f"SOB_{CODES[k]}-{index}.png" for index, k in enumerate(true)],
            "part": part,
            "subtype": [CODES[k] for k in true],
            "side": [side_of(CODES[k]) for k in true],
            "slide": slides,
            "case": slides,
            "magnification": [MAGNIFICATIONS[index % 4] for index in range(len(true))],
        }
    )
    for k, code in enumerate(CODES):
        table[f"p_{code}"] = probabilities[:, k]
    table["predicted"] = [CODES[k] for k in predicted]
    table["confidence"] = probabilities.max(1)
    return table


def certain(classes) -> np.ndarray:
    """Give each image probability 1 for one class."""
    return np.eye(8)[np.asarray(classes)]
