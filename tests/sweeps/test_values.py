import pytest

from breakhis_core.errors import InputError
from breakhis_core.recipes import NO_BASE, RECIPES, completed
from breakhis_core.sweeps.values import with_settings

SCRATCH = RECIPES["scratch"]


def test_a_change_that_takes_the_effect_from_another_setting_says_which():
    with pytest.raises(
        InputError, match=r"^crop is 112 but only counts with boundary=conv; say crop=none too.$"
    ):
        with_settings(SCRATCH, ["boundary=head"])
    lines = ["boundary=head", "crop=none", "stain=0", "trained_statistics=no"]
    assert with_settings(SCRATCH, lines).ignored == {}


def test_a_change_that_changes_nothing_is_refused():
    with pytest.raises(InputError, match="decay changes nothing in the recipe scratch"):
        with_settings(SCRATCH, ["decay=0.9"])


def test_an_older_recipe_keeps_what_it_ignored():
    older = completed({**SCRATCH.model_dump(), "boundary": NO_BASE})
    changed = with_settings(older, ["dropout=0.3"])
    assert (changed.crop, changed.dropout) == (112, 0.3)
