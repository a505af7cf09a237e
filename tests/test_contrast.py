"""Text against what it stands on, by the rule of WCAG AA: computed from the theme and our style sheets."""

import re
import tomllib
from pathlib import Path

import pytest

from breakhis_core.charts.colours import ACCENT
from tests.charts.test_colours import contrast

PROJECT = Path(__file__).parents[1]
TEXT, MARK = 4.5, 3.0
CAPTION = 0.6
"""Streamlit draws captions, placeholders and units in the text's colour at this opacity."""
SHEETS = sorted((PROJECT / "pages").rglob("*.css"))
NO_TEXT = {
    "context.css": {".picture canvas"},
    "flags.css": {".agreement .span i", ".agreement .span u"},
}


def themes():
    config = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text())
    return {name: config["theme"][name] for name in ("light", "dark")}


def over(colour, ground, share):
    """Mix a colour over a ground."""
    parts = (
        round(share * int(colour[i : i + 2], 16) + (1 - share) * int(ground[i : i + 2], 16))
        for i in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02X}" for part in parts)


@pytest.fixture(params=["light", "dark"])
def theme(request):
    return themes()[request.param]


def grounds(theme):
    return theme["backgroundColor"], theme["secondaryBackgroundColor"]


def test_text_links_and_captions_can_be_read(theme):
    for ground in grounds(theme):
        assert contrast(theme["textColor"], ground) >= 7
        assert contrast(theme["linkColor"], ground) >= TEXT
        assert contrast(over(theme["textColor"], ground, CAPTION), ground) >= TEXT


def test_the_one_accent_carries_white_text_and_stands_out(theme):
    assert theme["primaryColor"] == ACCENT
    assert contrast("#FFFFFF", theme["primaryColor"]) >= TEXT
    for ground in grounds(theme):
        assert contrast(theme["primaryColor"], ground) >= MARK


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_faded_text_of_our_own_can_be_read(sheet, theme):
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet.read_text()):
        faded = re.search(r"(?<![-\w])opacity:\s*([\d.]+)", body)
        # What cannot be pressed need not stand out (WCAG 1.4.3).
        if (
            not faded
            or selector.strip().endswith(":disabled")
            or selector.strip() in NO_TEXT.get(sheet.name, ())
        ):
            continue
        for ground in grounds(theme):
            seen = over(theme["textColor"], ground, float(faded[1]))
            assert contrast(seen, ground) >= TEXT, f"{selector.strip()} at {faded[1]}"


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_no_text_is_in_the_accents_colour(sheet):
    """The accent carries white text; as text it is too faint on the dark ground, and links have their own."""
    assert not re.search(r"(?<![-\w])color:\s*var\(--st-primary-color\)", sheet.read_text())


def test_bars_of_the_facets_stand_out_and_their_labels_can_be_read(theme):
    sheet = (PROJECT / "pages/parts/components/facets/facets.css").read_text()
    fill = re.search(r"\.fill \{([^}]*)\}", sheet)[1]
    # A line in the accent's full colour says how long the bar is; the tint above it carries the label.
    assert "border-bottom: 3px solid var(--st-primary-color)" in fill
    tints = [float(share) / 100 for share in re.findall(r"var\(--st-primary-color\) (\d+)%", sheet)]
    assert len(tints) == 2
    ground = theme["backgroundColor"]
    assert contrast(theme["primaryColor"], ground) >= MARK
    for share in tints:
        assert contrast(theme["textColor"], over(theme["primaryColor"], ground, share)) >= TEXT


def test_headings_of_a_screen_follow_each_other():
    """The title is the first level: what stands below it is of the second, and none is left out."""
    for file in sorted((PROJECT / "pages").rglob("*.py")):
        levels = [len(marks) for marks in re.findall(r"[\"'](#{1,6}) ", file.read_text())]
        assert set(levels) <= {2}, f"{file.name}: {levels}"
