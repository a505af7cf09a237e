"""What Streamlit makes of the theme, as the browser draws it: each kind of text against its ground."""

from __future__ import annotations

import pytest

from breakhis_core.runs import Run
from tests.browser.conftest import Browser

KINDS = {
    "chosen": '[data-testid="stButtonGroup"] button[data-selected="true"] p',
    "not chosen": '[data-testid="stButtonGroup"] button:not([data-selected="true"]) p',
    "caption": '[data-testid="stCaptionContainer"] p',
    "primary button": '[data-testid="stBaseButton-primary"] p',
    "foot": ".foot",
    "phantom": ".phantom",
}
# Colours are mixed as they lie over each other; what is see-through lets its ground through.
MEASURE = """kinds => {
  const rgb = (text) => [...text.match(/[\\d.]+/g).map(Number), 1].slice(0, 4);
  const over = (a, b) => [0, 1, 2].map((i) => a[3] * a[i] + (1 - a[3]) * b[i]).concat(1);
  const linear = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
  const styles = (element) => element ? [getComputedStyle(element), ...styles(element.parentElement)] : [];
  const measured = {};
  for (const [kind, selector] of Object.entries(kinds))
    for (const element of document.querySelectorAll(selector)) {
      const chain = styles(element), colour = rgb(chain[0].color);
      const grounds = chain.map((one) => rgb(one.backgroundColor)).reverse();
      const ground = grounds.reduce((below, one) => over(one, below), [255, 255, 255, 1]);
      colour[3] *= chain.reduce((all, one) => all * Number(one.opacity), 1);
      const lights = [light(over(colour, ground)), light(ground)].sort((a, b) => a - b);
      measured[kind] = Math.min(measured[kind] ?? 99, (lights[1] + 0.05) / (lights[0] + 0.05));
    }
  return measured;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_kind_of_text_can_be_read_and_no_level_of_heading_is_left_out(
    theme: str, browser: Browser, fake_run: Run
) -> None:
    page = browser.page
    page.emulate_media(color_scheme=theme)
    seen: dict[str, float] = {}
    for path, awaited in (("", ["primary button"]), ("results", ["chosen", "caption"])):
        browser.open(path)
        for kind in awaited:
            page.locator(KINDS[kind]).first.wait_for()
        for kind, contrast in page.evaluate(MEASURE, KINDS).items():
            seen[kind] = min(seen.get(kind, 99), contrast)
        levels = page.locator("h1, h2, h3, h4, h5, h6").evaluate_all("all => all.map(h => +h.tagName[1])")
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    assert seen.keys() >= {"chosen", "not chosen", "caption", "primary button", "foot"}
    assert {kind: round(contrast, 2) for kind, contrast in seen.items() if contrast < 4.5} == {}
