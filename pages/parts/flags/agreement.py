"""Agreement: how far reviewers agree, where they do not, and what a steward settled."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st
from markupsafe import Markup

from breakhis_core import reviews
from breakhis_core.reviews import agreement
from breakhis_core.reviews.agreement import Agreement, Subject
from breakhis_core.reviews.agreement_words import meaning, named_the_same
from breakhis_core.reviews.terms import is_guest
from breakhis_core.runs import Run
from breakhis_core.runs.scope import Scope
from breakhis_core.wording import counted, interval, number
from pages.parts.flags import settling
from pages.parts.shared import frame, guard, review_links
from pages.parts.shared.markdown import plain
from pages.parts.shared.reasons import in_words

SUBJECTS: dict[str, Subject] = {"Flag or keep": "flag", "Reason": "reason"}
_LOWEST = -0.25
"""Left end of the drawn intervals; what lies below, far less agreement than chance, is drawn there."""
Measured = tuple[Agreement | None, Agreement | None, list[Agreement]]


def show(run: Run | None, scope: Scope | None) -> None:
    """Draw the view: coefficients, disagreements, settlements, of the images in scope."""
    version = reviews.version(frame.workspace())  # First: what is kept under it may be newer, never older.
    everybody = answers(scope)
    said = agreement.of_people(everybody)
    people = sorted(said["reviewer"].unique())
    if len(people) < 2:
        so_far = f"So far only {plain(people[0])} has." if people else "So far nobody has."
        st.markdown(f"**Agreement needs answers of two people who said their name.** {so_far}")
        _say_guests(everybody)
    else:
        about = st.segmented_control(
            "What is compared",
            list(SUBJECTS),
            default="Flag or keep",
            required=True,
            key="about",
            bind="query-params",
            label_visibility="collapsed",
        )
        st.markdown(_coverage(said, people))
        _say_guests(everybody)
        subject = SUBJECTS[about]
        database = str(frame.workspace().engine.url)
        st.html(_table(*_measured(database, version, subject, hash(scope), said)))
        if same := named_the_same(_measured(database, version, "correction", hash(scope), said)[1]):
            st.caption(same)
        _disagreements(said, subject, people, run)
    _settled(everybody, scope)


def answers(scope: Scope | None) -> pd.DataFrame:
    """Return the answers that stand on the images in scope."""
    return _within(reviews.standing(frame.workspace()), scope)


def _within(said: pd.DataFrame, scope: Scope | None) -> pd.DataFrame:
    return said if scope is None else said[said["hash"].isin(scope.hashes)]


def _say_guests(answers: pd.DataFrame) -> None:
    """Say how many answers are left out because nobody knows whose they are."""
    guests = int(answers["reviewer"].map(is_guest).sum())
    if guests:
        st.caption(
            f"Without {counted(guests, 'answer')} of guests: a guest may be one of those who said their name."
        )


def _coverage(said: pd.DataFrame, people: list[str]) -> str:
    """Say how many images have how many answers: what a coefficient leaves out must not go unsaid."""
    answers = said.groupby("hash")["reviewer"].size()
    one, all_of_them = int((answers == 1).sum()), int((answers == len(people)).sum())
    some = len(answers) - one - all_of_them
    words = [f"{one:,} by one reviewer", f"{all_of_them:,} by all {len(people)}"]
    if len(people) > 2:
        words.insert(1, f"{some:,} by some")
    return f"**{counted(len(answers), 'image')} answered**: {', '.join(words)}."


@st.cache_data(max_entries=16, show_spinner=False)
def _measured(database: str, version: int, subject: Subject, scope: int, _said: pd.DataFrame) -> Measured:
    return (
        agreement.overall(_said, subject),
        agreement.across(_said, subject),
        agreement.pairwise(_said, subject),
    )


def _table(overall: Agreement | None, across: Agreement | None, pairs: list[Agreement]) -> Markup:
    many = len(across.reviewers) > 2 if across else False
    rows = []
    if many:
        rows = [
            _row("All who answered", "Krippendorff's alpha, images with two answers or more", across),
            _row("All reviewers", "Fleiss' kappa, images that every reviewer answered", overall),
        ]
    # The pairs that agree least first: there is something to talk about.
    pairs = sorted(pairs, key=lambda one: (one.kappa is None, one.kappa or 0.0))
    rows += [_row(" and ".join(one.reviewers), "Cohen's kappa", one) for one in pairs]
    if not rows:
        return Markup("<p>No image has two answers yet, so there is nothing to compare.</p>")
    heads = ("", "Images", "Equal", "Beyond chance", "95 % interval", "What it means")
    head = Markup("").join(Markup("<th>{}</th>").format(one) for one in heads)
    table = Markup('<table class="agreement"><tr>{}</tr>{}</table>')
    return table.format(head, Markup("").join(rows))


def _row(who: str, measure: str, found: Agreement | None) -> Markup:
    if found is None:
        empty = Markup("<td>–</td>") * 4 + Markup("<td>No image was answered by all of them.</td>")
        return Markup("<tr><td>{}<small>{}</small></td>{}</tr>").format(who, measure, empty)
    left = Markup("<small>{:,} not used</small>").format(found.left_out) if found.left_out else ""
    bounds = None if found.low is None else (found.low, found.high)
    row = Markup(
        "<tr><td>{}<small>{}</small></td><td>{:,}{}</td><td>{:.0%}</td><td><b>{}</b></td>"
        "<td>{}{}</td><td>{}</td></tr>"
    )
    value, span = number(found.kappa), interval(bounds)
    return row.format(
        who, measure, found.images, left, found.observed, value, span, _drawn(found), meaning(found)
    )


def _drawn(found: Agreement) -> Markup:
    """Draw coefficient and interval on a line from no agreement to full agreement; the stroke is chance."""
    if found.kappa is None or found.low is None or found.high is None:
        return Markup("")

    def place(value: float) -> float:
        return 100 * (max(value, _LOWEST) - _LOWEST) / (1 - _LOWEST)

    low, high = place(found.low), place(found.high)
    return Markup(
        '<span class="span"><u style="left:{:.1f}%"></u><i style="left:{:.1f}%;width:{:.1f}%"></i>'
        '<b style="left:{:.1f}%"></b></span>'
    ).format(place(0), low, high - low, place(found.kappa))


def _disagreements(said: pd.DataFrame, subject: Subject, people: list[str], run: Run | None) -> None:
    differing = agreement.disagreeing(said, subject)
    settled = reviews.settlements(frame.workspace())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"## Where they disagree: {counted(len(differing), 'image')}", width="content")
        open_only = st.toggle("Not settled yet", value=True, key="open-only") if differing else False
        if run is not None and differing:
            whole = {"order": "disagreeing"} if subject == "flag" else {"only": review_links.only(differing)}
            address = {"order": "all", **whole}
            st.page_link(
                review_links.REVIEW,
                label="Go through them in Review",
                icon=":material/visibility:",
                query_params={"run": run.name, "part": "every", **address},
            )
    if not differing:
        st.caption("Wherever two answered the same image, they said the same.")
        return
    rows = said[said["hash"].isin(differing)]
    if open_only:
        rows = rows[~rows["hash"].isin(settled["hash"])]
    if rows.empty:
        st.caption("All of them are settled.")
        return
    _answers_table(rows, people, settled)


@guard.fragment
def _answers_table(rows: pd.DataFrame, people: list[str], settled: pd.DataFrame) -> None:
    """Show who said what about each image, and settle the ticked ones."""
    words = _reasons(rows).where(rows["action"] == "flag", "keep")
    words += rows["note"].where(rows["note"] == "", " (" + rows["note"] + ")")
    table = rows.assign(words=words).pivot(index=["hash", "name"], columns="reviewer", values="words")
    table = table.reindex(columns=[one for one in people if one in table.columns]).reset_index()
    table = table.sort_values("name", ignore_index=True)
    decided = dict(zip(settled["hash"], settled["excluded"], strict=True))
    state = table["hash"].map(decided).map({True: "leaves", False: "stays"})
    shown = table.assign(picture="/thumbnail/" + table["hash"], settled=state)
    above = st.container()
    columns = ["picture", "name", "settled", *(c for c in table.columns if c not in ("hash", "name"))]
    ticked = _ticked(shown, columns, "disagreements", {"settled": "Settled"})
    with above:
        settling.act(
            ticked,
            rows[rows["action"] == "flag"],
            "Tick rows and settle them: the decision counts for everybody, whatever the rule.",
            "disagreements",
        )


def _settled(said: pd.DataFrame, scope: Scope | None) -> None:
    settled = _within(reviews.settlements(frame.workspace()), scope)
    if settled.empty:
        return
    st.markdown(f"## Settled: {counted(len(settled), 'image')}")
    _settled_table(settled, said[said["action"] == "flag"])


@guard.fragment
def _settled_table(settled: pd.DataFrame, flags: pd.DataFrame) -> None:
    """Show what was settled, by whom and when; the ticked rows can be settled again."""
    shown = settled.assign(
        picture="/thumbnail/" + settled["hash"],
        decision=settled["excluded"].map({True: "leaves the training", False: "stays in the training"}),
        reason=_reasons(settled).where(settled["excluded"]),
    )
    above = st.container()
    titles = {
        "decision": "Decision",
        "reason": "Reason",
        "note": "Note",
        "steward": "Settled by",
        "time": st.column_config.DatetimeColumn("When", format="YYYY-MM-DD HH:mm"),
    }
    ticked = _ticked(shown, ["picture", "name", *titles], "settled", titles)
    with above:
        settling.act(
            ticked,
            flags,
            "Tick rows to settle them anew; the earlier decision stays in the image's history.",
            "settled",
        )


def _reasons(rows: pd.DataFrame) -> pd.Series:
    """Return the reason of each row in words, with the sub-type that is right where one was named."""
    pairs = zip(rows["reason"].fillna(""), rows["correction"].fillna(""), strict=True)
    return pd.Series([in_words(*pair) for pair in pairs], index=rows.index, dtype="str")


def _ticked(shown: pd.DataFrame, columns: list[str], key: str, titles: dict[str, Any]) -> list[str]:
    """Draw a table of images with a tick for each row, and return the hashes of the ticked ones."""
    event = st.dataframe(
        shown[columns],
        key=f"{key}-{settling.turn()}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        row_height=52,
        height=min(460, 40 + 52 * len(shown)),
        placeholder="–",
        column_config={"picture": st.column_config.ImageColumn("", width=76), "name": "Image", **titles},
    )
    hashes = shown["hash"].tolist()
    return [hashes[row] for row in event.selection.rows if row < len(hashes)]
