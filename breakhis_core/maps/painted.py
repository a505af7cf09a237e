"""Do the maps lie where the texture of the sub-type was painted? Phantoms alone can say.

Of the tissue of a phantom everything is its sub-type's, but in some fields other tissue was painted into a
corner: the share of a map's positive evidence outside that corner is held against the share of the field that
lies outside it, which is what evidence that lies anywhere would give.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from breakhis_core.images.input_form import InputForm
from breakhis_core.images.pixels import pixel_hash
from breakhis_core.images.taxonomy import CODES
from breakhis_core.phantoms.painting import picture_and_own, plan, shares_its_field
from breakhis_core.runs.pointing import PAINTED_COLUMNS

MOST = 24
"""Fields at most; each is painted again, which takes half a second."""
Maps = npt.NDArray[np.floating]


def on_painted(predictions: pd.DataFrame, class_maps: Maps, form: InputForm) -> pd.DataFrame:
    """Look where the evidence for test phantoms lies that a model gets right and that show other tissue.

    Args:
        predictions: of a run, N rows.
        class_maps: (N, 8, rows, columns), the run's.
        form: the run's ``input_form``.

    Returns:
        One row for each field, at most `MOST`, columns ``runs.pointing.PAINTED_COLUMNS``: hash, share of the
        positive evidence on the sub-type's own texture, and area, the share of the field that this covers.
    """
    ours = {phantom.name: phantom for phantom in plan() if phantom.subtype == phantom.true_subtype}
    right = (predictions["part"] == "test") & (predictions["predicted"] == predictions["subtype"])
    rows: list[tuple[str, float, float]] = []
    for at in np.flatnonzero(right):
        image, name, code = predictions.iloc[at][["hash", "name", "subtype"]]
        if name not in ours or not shares_its_field(ours[name]):
            continue
        picture, own = picture_and_own(ours[name])
        if pixel_hash(picture) != image:
            continue  # It bears a name of ours, and was painted otherwise.
        values = np.maximum(np.asarray(class_maps[at, CODES.index(code)], np.float64), 0)
        cells = _in_cells(own, form, values.shape)
        whole = values.sum()
        rows.append((image, float((values * cells).sum() / whole) if whole > 0 else 0.0, float(cells.mean())))
        if len(rows) == MOST:
            break
    return pd.DataFrame(rows, columns=list(PAINTED_COLUMNS))


def _in_cells(own: Maps, form: InputForm, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return how much of each cell of a map (rows, columns) the sub-type's own texture covers."""
    grey = np.round(255 * np.clip(own, 0, 1)).astype(np.uint8)
    plain = InputForm(form.width, form.height, keep_proportions=form.keep_proportions)
    laid = Image.fromarray(plain.of(np.repeat(grey[..., None], 3, axis=2))[..., 0])
    cells = laid.resize((shape[1], shape[0]), Image.Resampling.BOX)
    covered: npt.NDArray[np.float64] = np.asarray(cells, np.float64) / 255
    return covered
