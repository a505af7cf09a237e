"""What the review of a run explains, and what retraining did to each image: the Review view of Results."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pandas as pd
import streamlit as st
from markupsafe import Markup

from breakhis_core import reviews
from breakhis_core.charts import review
from breakhis_core.errors import InputError
from breakhis_core.images import measuring
from breakhis_core.images.taxonomy import subtype
from breakhis_core.results import retraining_effect
from breakhis_core.results.retraining_effect import OUTCOMES
from breakhis_core.reviews import spoiled_found
from breakhis_core.reviews import summary as review_summary
from breakhis_core.reviews.corrections import correctors
from breakhis_core.reviews.policy import chosen_policy
from breakhis_core.reviews.terms import LABELS
from breakhis_core.runs import Run
from breakhis_core.wording import counted
from breakhis_core.worth import truth
from breakhis_core.worth.kept import last_result
from pages.parts.components.common import assets
from pages.parts.results import worth_line
from pages.parts.shared import frame, review_links
from pages.parts.shared.markdown import plain

MOST = 48  # Cards of one outcome; the link above them opens all.
KINDS = {**LABELS, "good": "Not spoiled"}
_CARD = Markup(
    '<a href="{address}" target="_self" title="{title}">'
    '<img src="/thumbnail/{hash}" loading="lazy" alt=""><b>{before} → {after}</b>'
    "<small>true {subtype} · {magnification}×</small>"
    "<small>{before_percent:.0f} % → {after_percent:.0f} %</small><small><b>{said}</b></small></a>"
)


def show(run: Run, part: str) -> None:
    """Show what the review of one part of a run explains."""
    st.html(assets.PARTS / "results/review_outcome.css")
    version = reviews.version(frame.workspace())  # First: what is kept under it may be newer, never older.
    answers = reviews.standing(frame.workspace())
    excluded = reviews.excluded_hashes(frame.workspace())
    corrected = reviews.corrected_labels(frame.workspace())
    root = str(frame.workspace().root)
    summary = _summary(root, run.content, part, version, excluded, corrected, run, answers)
    st.markdown("## What the flags explain\n" + "  \n".join(review_summary.in_words(summary)))
    if summary["mistakes"]["reviewed"] or summary["right"]["reviewed"]:
        left, right = st.columns([55, 45], gap="medium")
        left.altair_chart(review.state_chart(summary))
        if summary["reasons"]:
            right.altair_chart(review.reason_chart(summary))
    links(run, part, summary, answers)
    second_lines(summary)
    effect(run, part, excluded, answers)
    if run.phantom:
        gained(run)
        spoiled()


def links(run: Run, part: str, summary: dict[str, Any], answers: pd.DataFrame) -> None:
    """Lead to the mistakes that nobody reviewed, and to right answers that would tell the base rate."""
    predictions = run.predictions()
    rows = predictions[predictions["part"] == part]
    wrong = rows[rows["predicted"] != rows["subtype"]]
    open_ones = wrong.loc[~wrong["hash"].isin(answers["hash"]), "hash"].tolist()
    with st.container(horizontal=True):
        if open_ones:
            review_links.link(run, part, open_ones, "that are wrong and not reviewed")
        if summary["right"]["reviewed"] < review_summary.SAMPLE:
            sample = review_summary.base_rate_sample(predictions, answers["hash"].tolist(), part)
            review_links.link(
                run,
                part,
                sample,
                "that the run got right, drawn at random",
                help="How often a good answer's image is flagged tells what the flags on mistakes are worth.",
            )
    rule = chosen_policy(frame.workspace()).words
    st.caption(
        f"Flagged: {rule}. An image with two reasons counts for both. The base rate is fair only if the "
        "right answers that were reviewed were not picked for poor pictures."
    )


def second_lines(summary: dict[str, Any]) -> None:
    """Say what the numbers would be without flagged images and on corrected labels; never the headline."""
    relabelled = (summary["with_corrected"] or {}).get("relabelled", ())
    by = correctors(frame.workspace(), relabelled)
    for told in (
        review_summary.without_in_words(summary),
        review_summary.corrected_in_words(summary, len(by)),
    ):
        if told:
            name, rest = told[0].split(",", 1)
            st.markdown(f"**{name}**,{rest}")
            st.caption(told[1])


def effect(run: Run, part: str, excluded: tuple[str, ...], answers: pd.DataFrame) -> None:
    """Show what a retraining made of each flagged mistake and of each image that it calls otherwise."""
    known = {other.name: other for other in frame.runs()}
    pairs = retraining_effect.retrainings(run.name, {name: other.improves for name, other in known.items()})
    st.markdown("## What retraining did, image by image")
    if not pairs:
        st.caption(
            f"No run improves on {plain(run.name)} yet: retrain without the flagged images on the screen "
            "Flags."
        )
        return
    pair = pairs[0]
    if len(pairs) > 1:
        pair = st.selectbox(
            "Retraining", pairs, format_func=" → ".join, key=f"pair-{run.name}", width=420,
            label_visibility="collapsed",
        )  # fmt: skip
    before, after = (known[name] for name in pair)
    try:
        table = retraining_effect.retraining_effect(
            before.predictions(), after.predictions(), excluded, part, before.unit, pair
        )
    except InputError as error:
        st.warning(plain(str(error)))
        return
    counts = retraining_effect.fixed_by_flag(before.predictions(), table, excluded, part)
    labels = f" and with {counted(len(after.corrected), 'corrected label')}" if after.corrected else ""
    st.markdown(
        f"**{plain(before.name)} → {plain(after.name)}**, trained without "
        f"{counted(len(after.excluded), 'image')}{labels}. "
        f"{retraining_effect.effect_in_words(counts)}"
    )
    worth_line.show(before, after)
    st.page_link(
        "pages/results.py",
        label="Compare the numbers, with intervals",
        icon=":material/compare_arrows:",
        query_params={"run": after.name, "view": "Compare", "with": before.name, "of": part},
    )
    for outcome, words in OUTCOMES.items():
        rows = table[table["outcome"] == outcome]
        if len(rows):
            review_links.link(after, part, rows["hash"].tolist(), words)
            cards(rows, after, part, answers)


def cards(rows: pd.DataFrame, after: Run, part: str, answers: pd.DataFrame) -> None:
    """Draw one card an image, each a link into the review queue of its group."""
    flags = answers[answers["action"] == "flag"]
    group = review_links.queue_address(after, part, only=review_links.only(rows["hash"].tolist()))
    drawn = []
    for one in rows.head(MOST).to_dict("records"):
        reasons = dict.fromkeys(LABELS[code] for code in flags.loc[flags["hash"] == one["hash"], "reason"])
        said = f"⚑ {', '.join(reasons).lower()}" if one["flagged"] else ""
        title = f"{one['name']}: true {subtype(one['subtype']).name}"
        address = "/review?" + urlencode({**group, "image": one["hash"]})
        drawn.append(
            _CARD.format_map(
                {
                    **one,
                    "address": address,
                    "title": title,
                    "said": said,
                    "before_percent": 100 * one["before_confidence"],
                    "after_percent": 100 * one["after_confidence"],
                }
            )
        )
    st.html(Markup('<div class="outcome">{}</div>').format(Markup("").join(drawn)))
    if len(rows) > MOST:
        st.caption(f"The first {MOST} of {len(rows):,}; the link opens all.")


def gained(run: Run) -> None:
    """Say how much of what could be gained the review of a phantom run gained, where it was measured."""
    result = last_result(frame.workspace(), run)
    if result is not None and "truth" in result:
        first, rest = truth.in_words(result["truth"])
        st.markdown("## How much of what could be gained was gained")
        st.markdown(first)
        st.caption(f"{rest} Flags as they were {result['at'][:10]}.")


def spoiled() -> None:
    """Say how many of the phantoms that were spoiled on purpose were found."""
    found = spoiled_found.spoiled_found(frame.workspace(), measuring.load_checks(frame.workspace()))
    if found is None:
        return
    with st.expander("Phantoms that were spoiled on purpose: how many were found?"):
        st.markdown(spoiled_found.found_in_words(found))
        st.dataframe(
            found.assign(kind=found["kind"].map(KINDS)),
            hide_index=True,
            column_config={
                "kind": "Spoiled by",
                "images": "Phantoms",
                "reviewed": "Reviewed",
                "flagged": "Flagged",
                "fitting_reason": "Flagged with that reason",
                "odd": "Odd by a quality score",
            },
        )
        st.caption(
            "All phantoms of the workspace, not this part alone. No quality score can see a wrong label: the "
            "picture is good. What is known of phantoms says nothing about tissue."
        )


@st.cache_data(max_entries=32, show_spinner="Summing up the review …")
def _summary(
    root: str,
    content: str,
    part: str,
    version: int,
    excluded: tuple[str, ...],
    corrected: dict[str, str],
    _run: Run,
    _answers: pd.DataFrame,
) -> dict[str, Any]:
    return review_summary.summarise(_run.predictions(), _run.unit, _answers, excluded, part, corrected)
