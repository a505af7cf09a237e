"""The colours of every chart and label: two for the sides, one for each sub-type, one for right and wrong.

Taken from and built around Okabe and Ito's set, which people with any common colour blindness can tell
apart. Each holds a contrast of at least 3 to 1 on white and on Streamlit's dark ground. The benign sub-types
are cool and the malignant ones warm, so that a curve's side shows before its label is read.
"""

from __future__ import annotations

BENIGN = "#0E7EC2"
MALIGNANT = "#D55E00"
SIDE_COLOURS: dict[str, str] = {"benign": BENIGN, "malignant": MALIGNANT}

SUBTYPE_COLOURS: dict[str, str] = {
    "A": "#0E7EC2",
    "F": "#00939A",
    "PT": "#6B7BDB",
    "TA": "#4A90A4",
    "DC": "#D55E00",
    "LC": "#C9487A",
    "MC": "#B87F00",
    "PC": "#B5694A",
}
"""Colour of each sub-type; a dash pattern (charts) tells neighbours apart where colour does not."""

RIGHT = "#00855F"
"""A right answer: the diagonal of a confusion matrix, an image that was fixed."""
WRONG = "#9A57C9"
"""A wrong answer: the other cells, an image that was broken."""
ACCENT = "#00855F"
"""The one accent colour of the screens."""
NEUTRAL = "#808890"
"""Lines and marks that carry no class: chance, ideal, thresholds. Readable on light and on dark."""
