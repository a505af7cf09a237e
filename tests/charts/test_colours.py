import pytest

from breakhis_core.charts.colours import MALIGNANT, NEUTRAL, RIGHT, SIDE_COLOURS, SUBTYPE_COLOURS, WRONG
from breakhis_core.images.taxonomy import CODES

GROUNDS = {"light": "#FFFFFF", "dark": "#121517"}
# Machado, Oliveira, Fernandes 2009, severity 1, on linear RGB.
DEUTERANOPIA = ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969))
PROTANOPIA = ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052))


def linear(colour: str) -> list[float]:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def contrast(first: str, second: str) -> float:
    lights = sorted(
        sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(one), strict=True))
        for one in (first, second)
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def seen(colour: str, blindness) -> list[float]:
    return [sum(w * c for w, c in zip(row, linear(colour), strict=True)) for row in blindness]


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("colour", [*SIDE_COLOURS.values(), *SUBTYPE_COLOURS.values(), NEUTRAL, RIGHT, WRONG])
def test_colours_stand_out_on_both_grounds(colour, ground):
    assert contrast(colour, GROUNDS[ground]) >= 3


@pytest.mark.parametrize("blindness", [DEUTERANOPIA, PROTANOPIA])
@pytest.mark.parametrize("pair", [tuple(SIDE_COLOURS.values()), (RIGHT, WRONG)])
def test_pairs_can_be_told_apart_by_the_colour_blind(pair, blindness):
    first, second = (seen(colour, blindness) for colour in pair)
    assert sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5 > 0.2


def test_every_subtype_has_a_colour():
    assert tuple(SUBTYPE_COLOURS) == CODES
    assert len(set(SUBTYPE_COLOURS.values())) == 8
    assert SUBTYPE_COLOURS["DC"] == MALIGNANT
