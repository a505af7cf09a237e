"""The flags as one page to print: pictures, counts, agreement, the rule; readable offline and on paper."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.flags import listing
from breakhis_core.flags.listing import FlaggedImage
from breakhis_core.flags.statements import LEAVING, OUTCOMES
from breakhis_core.images import datasets
from breakhis_core.images.taxonomy import CODES, subtype
from breakhis_core.images.thumbnails import thumbnail_file
from breakhis_core.reports.page import page
from breakhis_core.results.card import PHANTOM_NOTE
from breakhis_core.results.tables import NumberTable
from breakhis_core.reviews import agreement, standings
from breakhis_core.reviews.agreement import Agreement, Subject
from breakhis_core.reviews.agreement_words import meaning
from breakhis_core.reviews.policy import chosen_policy
from breakhis_core.reviews.terms import REASONS
from breakhis_core.runs import Run
from breakhis_core.runs.scope import scope_of
from breakhis_core.wording import counted, interval, number
from breakhis_core.workspace import Workspace

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
    groups = {code: [image for image in images if image.reasons[0] == code] for code in _LABELS}
    content = {
        "phantom": PHANTOM_NOTE if phantom else "",
        "summary": _summary(workspace, flags, run),
        **_counts(flags),
        **_agreement(workspace, run),
        "settled": _settled(workspace, set(flags["hash"])),
        "groups": {
            f"{_LABELS[code]}: {counted(len(group), 'image')}": group
            for code, group in groups.items()
            if group
        },
        "labels": _LABELS,
        "standing": _standing,
        "picture": lambda image: _picture(workspace, image),
    }
    for part in page("flag_report.html.j2", "Flagged images", **content):
        yield part.encode()


def _summary(workspace: Workspace, flags: pd.DataFrame, run: Run | None) -> str:
    policy = chosen_policy(workspace)
    leaving = flags.loc[flags["outcome"].isin(LEAVING), "hash"].nunique()
    frozen = f"The test set of {run.name}" if run else "The test set of a run"
    chosen = f" (chosen by {policy.by}, {(policy.at or '')[:10]})" if policy.by else ""
    made = pd.Timestamp.now("UTC").strftime("%Y-%m-%d %H:%M UTC")
    return (
        f"{counted(flags['hash'].nunique(), 'image')} of {counted(flags['case'].nunique(), 'case')} "
        f"flagged by {counted(flags['reviewer'].nunique(), 'reviewer')}. An image leaves the training when "
        f"{policy.words}{chosen}, or when a steward settled that it goes: {counted(leaving, 'image')} of "
        f"these. {frozen} never changes. Made {made}."
    )


def _counts(flags: pd.DataFrame) -> dict[str, Any]:
    many = listing.counts(flags, {})
    counts = {}
    for facet in ("reason", "reviewer", "subtype", "outcome", "magnification"):
        most = max(many[facet].values(), default=1)
        counts[listing.FACETS[facet]] = [
            (_in_words(facet, value), f"{images:,}", f"{100 * images / most:.1f}")
            for value, images in many[facet].items()
        ]
    cases = ", ".join(f"{case or 'not known'} ({images})" for case, images in many["case"].items())
    return {"counts": counts, "cases": cases}


def _in_words(facet: str, value: str) -> str:
    if facet == "subtype" and value in CODES:
        return f"{value} {subtype(value).name}"
    if facet == "magnification" and value:
        return f"{value}x"
    words = {"reason": _LABELS, "outcome": OUTCOMES}.get(facet, {})
    return words.get(value, value) or "not known"


def _agreement(workspace: Workspace, run: Run | None) -> dict[str, Any]:
    said = agreement.of_people(standings.standing(workspace))
    if run is not None:
        said = said[said["hash"].isin(scope_of(workspace, run).hashes)]
    measured = {"Flag or keep": _measured(said, "flag"), "Reason": _measured(said, "reason")}
    measured["Right sub-type, of those who named one"] = _measured(said, "correction")
    tables = {title: table for title, table in measured.items() if table is not None}
    note = "No image has two answers, so agreement cannot be measured."
    if tables:
        of = f"of {scope_of(workspace, run).name}" if run else "in the workspace"
        note = f"Over all answers {of}; intervals from a bootstrap over images."
    return {"agreement": tables, "agreement_note": note}


def _measured(said: pd.DataFrame, subject: Subject) -> NumberTable | None:
    across, overall = agreement.across(said, subject), agreement.overall(said, subject)
    if across is None:
        return None
    rows = [["All who answered, Krippendorff's alpha", *_cells(across)]]
    if overall is not None and len(overall.reviewers) > 2:
        rows.append(["All reviewers, Fleiss' kappa", *_cells(overall)])
    for pair in agreement.pairwise(said, subject):
        rows.append([f"{' and '.join(pair.reviewers)}, Cohen's kappa", *_cells(pair)])
    heads = ["Who, and measure", "Images", "Not used", "Equal", "Value", "95 % interval", "Meaning"]
    return NumberTable(heads, rows)


def _cells(found: Agreement) -> list[str]:
    span = interval((found.low, found.high))
    numbers = [f"{found.images:,}", f"{found.left_out:,}", f"{found.observed:.0%}", number(found.kappa)]
    return [*numbers, span, meaning(found)]


def _settled(workspace: Workspace, images: set[str]) -> NumberTable | None:
    settled = standings.settlements(workspace)
    settled = settled[settled["hash"].isin(images)]
    if settled.empty:
        return None
    rows = [
        [
            name,
            "leaves" if out else "stays",
            _LABELS.get(reason, ""),
            correction,
            note,
            steward,
            time[:16].replace("T", " "),
        ]
        for name, out, reason, correction, note, steward, time in zip(
            *(settled[c] for c in ("name", "excluded", "reason")),
            settled["correction"].fillna(""),
            *(settled[c] for c in ("note", "steward", "time")),
            strict=True,
        )
    ]
    return NumberTable(["Image", "Decision", "Reason", "Right sub-type", "Note", "By", "When (UTC)"], rows)


def _standing(image: FlaggedImage) -> str:
    predicted = f", predicted {image.predicted}" if image.predicted else ""
    right = f", right: {' or '.join(image.corrections)}" if image.corrections else ""
    return f"{image.subtype or 'sub-type not known'}{predicted}{right} · {OUTCOMES[image.outcome]}"


def _picture(workspace: Workspace, image: FlaggedImage) -> str | None:
    try:
        return base64.b64encode(thumbnail_file(workspace, image.hash).read_bytes()).decode()
    except (InputError, OSError):
        return None
