"""The flags as one page to print: pictures, counts, agreement, the rule; readable offline and on paper."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape

import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.flags import listing
from breakhis_core.flags.listing import FlaggedImage
from breakhis_core.flags.statements import LEAVING, OUTCOMES
from breakhis_core.images import datasets
from breakhis_core.images.taxonomy import CODES, subtype
from breakhis_core.images.thumbnails import thumbnail_file
from breakhis_core.reports.page import page, plain_html, section
from breakhis_core.results.card import FOOT, PHANTOM_NOTE
from breakhis_core.results.tables import NumberTable, number
from breakhis_core.reviews import agreement, standings
from breakhis_core.reviews.agreement import Agreement, Subject
from breakhis_core.reviews.agreement_words import meaning
from breakhis_core.reviews.policy import chosen_policy
from breakhis_core.reviews.terms import REASONS
from breakhis_core.runs import Run
from breakhis_core.runs.scope import scope_of
from breakhis_core.wording import counted
from breakhis_core.workspace import Workspace

STYLE = """
@page { size: A4; margin: 14mm 13mm }
.bars td:last-child { width: 55% } .bars i { display: inline-block; height: .7em; background: #00855f;
  print-color-adjust: exact; -webkit-print-color-adjust: exact }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2.5rem; align-items: start }
.two table { width: 100% } .two h3, h3 { font-size: 1rem; margin: 1rem 0 .2rem; break-after: avoid }
.sheet { display: grid; grid-template-columns: repeat(3, 1fr); gap: .9rem .8rem; margin: .5rem 0 }
.sheet figure { margin: 0; font-size: 11px; line-height: 1.35; overflow-wrap: anywhere }
.sheet img, .sheet .gone { width: 100%; aspect-ratio: 700/460; object-fit: cover; display: block }
.sheet .gone { background: #eceef0; color: #555c68; display: grid; place-items: center; text-align: center }
.sheet figcaption { color: inherit; font-size: inherit; margin-top: .2rem }
.wide { width: 100% } .wide th, .wide td { padding-right: .6rem }
@media print { body { font-size: 12px } .two, .sheet { display: block }
  .two > div { display: inline-block; width: 47%; vertical-align: top; margin-right: 3% }
  .sheet { font-size: 0; orphans: 1; widows: 1 }
  .sheet figure { display: inline-block; width: 31.4%; margin: 0 1.9% 10px 0; vertical-align: top } }
"""
_LABELS = {reason.code: reason.label for reason in REASONS}


def flag_report(workspace: Workspace, flags: pd.DataFrame, run: Run | None = None) -> Iterator[bytes]:
    """Yield one HTML page about flagged images, that refers to nothing outside itself.

    Args:
        workspace: where the pictures, answers and settlements are.
        flags: what ``listing.listed`` returns, all of it or some.
        run: whose split the outcomes go by, and whose data set the agreement is measured on.

    Yields:
        Parts of the page in order; the pictures come one by one.
    """
    images = listing.images(listing.arranged(flags, "reason"))
    shown = set(flags["dataset"])
    phantom = any(data.phantom for data in datasets.datasets(workspace) if data.root.name in shown)
    begin, end = page("Flagged images", STYLE)
    yield begin.encode()
    parts = [
        "<h1>Flagged images</h1>",
        f'<p class="phantom">{plain_html(PHANTOM_NOTE)}</p>' if phantom else "",
        f"<p>{_summary(workspace, flags, run)}</p>",
        section("Counts", _counts(flags)),
        section("Agreement of the reviewers", _agreement(workspace, run)),
        section("Settled by a steward", _settled(workspace, set(flags["hash"]))),
        "<section><h2>Images</h2>",
    ]
    yield "\n".join(parts).encode()
    for reason in (reason.code for reason in REASONS):
        group = [image for image in images if image.reasons[0] == reason]
        if not group:
            continue
        title = f"{_LABELS[reason]}: {counted(len(group), 'image')}"
        yield f'<h3>{escape(title)}</h3><div class="sheet">'.encode()
        for image in group:
            yield _figure(workspace, image).encode()
        yield b"</div>"
    yield f"</section><footer>{escape(FOOT)}</footer>{end}".encode()


def _summary(workspace: Workspace, flags: pd.DataFrame, run: Run | None) -> str:
    policy = chosen_policy(workspace)
    leaving = flags.loc[flags["outcome"].isin(LEAVING), "hash"].nunique()
    frozen = f"The test set of {escape(run.name)}" if run else "The test set of a run"
    chosen = f" (chosen by {escape(policy.by)}, {(policy.at or '')[:10]})" if policy.by else ""
    made = pd.Timestamp.now("UTC").strftime("%Y-%m-%d %H:%M UTC")
    return (
        f"{counted(flags['hash'].nunique(), 'image')} of {counted(flags['case'].nunique(), 'case')} "
        f"flagged by {counted(flags['reviewer'].nunique(), 'reviewer')}. An image leaves the training when "
        f"{policy.words}{chosen}, or when a steward settled that it goes: {counted(leaving, 'image')} of "
        f"these. {frozen} never changes. Made {made}."
    )


def _counts(flags: pd.DataFrame) -> str:
    many = listing.counts(flags, {})
    tables = []
    for facet in ("reason", "reviewer", "subtype", "outcome", "magnification"):
        most = max(many[facet].values(), default=1)
        rows = "".join(
            f"<tr><td>{escape(_in_words(facet, value))}</td><td>{images:,}</td>"
            f'<td><i style="width:{100 * images / most:.1f}%"></i></td></tr>'
            for value, images in many[facet].items()
        )
        title = escape(listing.FACETS[facet])
        tables.append(f'<div><h3>{title}</h3><table class="bars">{rows}</table></div>')
    note = "<p>Images; one that is flagged for two reasons, or by two, counts with both.</p>"
    cases = ", ".join(f"{escape(case or 'not known')} ({images})" for case, images in many["case"].items())
    return f'{note}<div class="two">{"".join(tables)}</div><h3>Case</h3><p>{cases}</p>'


def _in_words(facet: str, value: str) -> str:
    if facet == "subtype" and value in CODES:
        return f"{value} {subtype(value).name}"
    if facet == "magnification" and value:
        return f"{value}x"
    words = {"reason": _LABELS, "outcome": OUTCOMES}.get(facet, {})
    return words.get(value, value) or "not known"


def _agreement(workspace: Workspace, run: Run | None) -> str:
    said = agreement.of_people(standings.standing(workspace))
    if run is not None:
        said = said[said["hash"].isin(scope_of(workspace, run).hashes)]
    of = f"of {scope_of(workspace, run).name}" if run else "in the workspace"
    parts = [_measured(said, "flag", "Flag or keep"), _measured(said, "reason", "Reason")]
    if not any(parts):
        return "<p>No image has two answers, so agreement cannot be measured.</p>"
    return "".join(parts) + f"<p>Over all answers {escape(of)}; intervals from a bootstrap over images.</p>"


def _measured(said: pd.DataFrame, subject: Subject, title: str) -> str:
    across, overall = agreement.across(said, subject), agreement.overall(said, subject)
    if across is None:
        return ""
    rows = [["All who answered, Krippendorff's alpha", *_cells(across)]]
    if overall is not None and len(overall.reviewers) > 2:
        rows.append(["All reviewers, Fleiss' kappa", *_cells(overall)])
    for pair in agreement.pairwise(said, subject):
        rows.append([f"{' and '.join(pair.reviewers)}, Cohen's kappa", *_cells(pair)])
    heads = ["Who, and measure", "Images", "Not used", "Equal", "Value", "95 % interval", "Meaning"]
    table = NumberTable(heads, rows).html().replace("<table>", '<table class="wide">', 1)
    return f"<h3>{title}</h3>{table}"


def _cells(found: Agreement) -> list[str]:
    span = "-" if found.low is None else f"{number(found.low)} to {number(found.high)}"
    numbers = [f"{found.images:,}", f"{found.left_out:,}", f"{found.observed:.0%}", number(found.kappa)]
    return [*numbers, span, meaning(found)]


def _settled(workspace: Workspace, images: set[str]) -> str:
    settled = standings.settlements(workspace)
    settled = settled[settled["hash"].isin(images)]
    if settled.empty:
        return "<p>None of these images.</p>"
    rows = [
        [
            name,
            "leaves" if out else "stays",
            _LABELS.get(reason, ""),
            note,
            steward,
            time[:16].replace("T", " "),
        ]
        for name, out, reason, note, steward, time in zip(
            *(settled[c] for c in ("name", "excluded", "reason", "note", "steward", "time")), strict=True
        )
    ]
    return NumberTable(["Image", "Decision", "Reason", "Note", "By", "When (UTC)"], rows).html()


def _figure(workspace: Workspace, image: FlaggedImage) -> str:
    try:
        small = base64.b64encode(thumbnail_file(workspace, image.hash).read_bytes()).decode()
        shown = f'<img alt="" src="data:image/jpeg;base64,{small}">'
    except (InputError, OSError):
        shown = '<div class="gone">The picture is not here.</div>'
    predicted = f", predicted {image.predicted}" if image.predicted else ""
    lines: Sequence[str] = [
        f"<b>{escape(', '.join(_LABELS[reason] for reason in image.reasons))}</b>",
        escape(image.name),
        escape(f"{image.subtype or 'sub-type not known'}{predicted} · {OUTCOMES[image.outcome]}"),
        escape(", ".join(image.reviewers)),
        *([f"<i>{escape('; '.join(image.notes))}</i>"] if image.notes else []),
    ]
    return f"<figure>{shown}<figcaption>{'<br>'.join(lines)}</figcaption></figure>\n"
