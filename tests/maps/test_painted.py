"""On phantoms evidence on the sub-type's own texture is told from evidence on other tissue beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from breakhis_core.images.input_form import InputForm
from breakhis_core.images.pixels import pixel_hash
from breakhis_core.images.taxonomy import CODES
from breakhis_core.maps.painted import on_painted
from breakhis_core.phantoms.painting import picture_and_own, plan, shares_its_field
from breakhis_core.runs.pointing import painted, painted_in_words


@pytest.fixture(scope="module")
def field():
    phantom = next(one for one in plan() if one.subtype == "MC" and not one.spoiled and shares_its_field(one))
    return phantom, *picture_and_own(phantom)


def test_evidence_is_held_against_the_painted_texture(field):
    phantom, pixels, own = field
    assert 0.5 <= own.mean() < 1
    said = {"hash": pixel_hash(pixels), "name": phantom.name, "subtype": "MC", "predicted": "MC"}
    table = pd.DataFrame([{**said, "part": "test"}])
    maps = np.zeros((1, 8, 7, 7), np.float16)
    own_cells = own[:455, :700].reshape(7, 65, 7, 100).mean(axis=(1, 3)) > 0.95
    maps[0, CODES.index("MC")] = np.where(own_cells, 1, -1)
    found = on_painted(table, maps, InputForm())
    assert found["share"][0] > 0.9 > found["area"][0]
    maps[0] = 1
    found = on_painted(table, maps, InputForm())
    assert found["share"][0] == pytest.approx(found["area"][0])
    assert found["area"][0] == pytest.approx(own.mean(), abs=0.02)
    for other in ({"hash": "another"}, {"part": "train"}, {"predicted": "DC"}):
        assert on_painted(table.assign(**other), maps, InputForm()).empty


def test_a_field_without_other_tissue_is_known_before_it_is_painted():
    alone = next(one for one in plan() if not shares_its_field(one))
    assert (picture_and_own(alone)[1] == 1).all()


def test_the_difference_from_the_covered_share_has_an_interval_over_cases():
    known = pd.DataFrame({"hash": [f"{at}" for at in range(12)], "case": [f"{at // 2}" for at in range(12)]})
    asked = pd.DataFrame({"hash": known["hash"], "share": np.linspace(0.8, 1, 12), "area": 0.7})
    found = painted(asked, known)
    assert found is not None
    assert found["difference"] == pytest.approx(0.2)
    assert found["interval"][0] < 0.2 < found["interval"][1]
    assert (found["images"], found["cases"]) == (12, 6)
    assert painted_in_words(found).startswith("Phantoms: 0.90 of the evidence lies where")
    assert painted(asked[:0], known) is None
