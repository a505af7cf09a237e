"""Flags: what was said, do we agree, and what leaves the training?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from breakhis_core import exchange, jobs, reviews
from breakhis_core.errors import InputError
from breakhis_core.policy import choose_policy, chosen_policy
from breakhis_core.runs import Run
from breakhis_core.taxonomy import subtype
from pages.parts import frame, job_progress, narrow, retraining
from pages.parts.answers import LABELS
from pages.parts.figures import counted
from pages.parts.wall import Tile, wall

VIEWS = ("Wall", "Table", "Counts")


def main() -> None:
    """Draw the screen."""
    controls = frame.page_header("Flags")
    narrow.stack_columns()
    run = frame.choose_run("flags-run", controls)
    if run is not None:
        with controls:
            frame.phantom_notice(run)
    flags = reviews.flagged(frame.workspace())
    if flags.empty:
        frame.empty_state("Nothing is flagged yet.", "Review the mistakes", "pages/review.py")
        with st.expander("Import a list of flags", icon=":material/upload:"):
            import_flags()
        return
    summary(flags)
    if run is not None:
        retrain(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        view = st.segmented_control(
            "View", VIEWS, default=VIEWS[0], key="view", bind="query-params", label_visibility="collapsed"
        )
        chosen = reasons(flags)
    shown = flags[flags["reason"].isin(chosen)] if chosen else flags
    if view == "Table":
        table(shown)
    elif view == "Counts":
        counts(flags)
    else:
        above = st.container()
        chosen_images = wall("flag-wall", tiles(shown, run))
        with above:
            act(shown, chosen_images)


def summary(flags: pd.DataFrame) -> None:
    """Say how many flags there are, and hand them out or take some in."""
    with st.container(horizontal=True, vertical_alignment="center"):
        images, people = flags["hash"].nunique(), flags["reviewer"].nunique()
        st.markdown(f"**{counted(images, 'image')} flagged** by {counted(people, 'reviewer')}")
        st.download_button(
            "CSV", exchange.export_csv(flags), "flags.csv", "text/csv", icon=":material/download:"
        )
        st.download_button(
            "JSON", exchange.export_json(flags), "flags.json", "application/json", icon=":material/download:"
        )
        with st.popover("Import", icon=":material/upload:"):
            import_flags()


def import_flags() -> None:
    """Read a list of flags, say what an import would do, and do it when told to."""
    file = st.file_uploader("A CSV or JSON list of flags", type=["csv", "json", "txt"], key="import-file")
    if file is None:
        return
    try:
        plan = exchange.read_flags(file.getvalue(), file.name)
        check = exchange.check_import(frame.workspace(), plan, frame.reviewer())
    except InputError as error:
        st.error(str(error))
        return
    st.markdown(
        f"**{counted(len(check.new), 'new flag')}**, {len(check.known):,} already here, "
        f"{counted(len(check.refused), 'row')} that cannot be used."
    )
    if check.refused:
        st.dataframe(pd.DataFrame({"Not used": check.refused}), hide_index=True)
    if st.button(f"Import {counted(len(check.new), 'flag')}", type="primary", disabled=not check.new):
        exchange.apply_import(frame.workspace(), plan, frame.reviewer())
        st.toast(f"{counted(len(check.new), 'flag')} imported.")
        st.rerun()


def reasons(flags: pd.DataFrame) -> list[str]:
    """Let the person keep the flags of some reasons; none chosen keeps all."""
    images = flags.groupby("reason")["hash"].nunique()
    found = [code for code in LABELS if code in images.index]
    return list(
        st.pills(
            "Reasons",
            found,
            selection_mode="multi",
            format_func=lambda code: f"{LABELS[code]} {images[code]}",
            key="reasons",
            label_visibility="collapsed",
        )
    )


def tiles(flags: pd.DataFrame, run: Run | None) -> list[Tile]:
    """Return one thumbnail an image, with what was said about it."""
    found = []
    for image, rows in flags.groupby("hash", sort=False):
        one = rows.iloc[0]
        said = ", ".join(dict.fromkeys(LABELS[reason] for reason in rows["reason"]))
        predicted = f" → {one['predicted']}" if isinstance(one["predicted"], str) else ""
        notes = "; ".join(note for note in rows["note"] if note)
        found.append(
            Tile(
                hash=str(image),
                words=said,
                small=f"{one['subtype']}{predicted} · {', '.join(rows['reviewer'])}",
                title=f"{one['name']}: {said.lower()}" + (f" ({notes})" if notes else ""),
                open=retraining.review_address(run, str(image)) if run is not None else "",
            )
        )
    return found


def act(flags: pd.DataFrame, chosen: list[str]) -> None:
    """Take back flags on the chosen images, or settle that they stay."""
    mine = flags[(flags["reviewer"] == frame.reviewer()) & flags["hash"].isin(chosen)]["hash"].unique()
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(f"Un-flag {len(mine)}" if chosen else "Un-flag", disabled=not len(mine)):
            for image in mine:
                reviews.keep(frame.workspace(), frame.reviewer(), image, note="un-flagged")
            st.rerun()
        if st.button("Settle: stays in the training", disabled=not chosen):
            for image in chosen:
                reviews.settle(
                    frame.workspace(), frame.reviewer(), image, exclude=False, reason="", note="settled"
                )
            st.rerun()
        st.caption(
            "Click pictures to choose them, Shift for many, double click to open one. "
            "Un-flag takes back your own flags; settling decides for everybody."
        )


def table(flags: pd.DataFrame) -> None:
    """Show the flags as a table."""
    frame_shown = flags.assign(
        picture="/thumbnail/" + flags["hash"],
        reason=flags["reason"].map(LABELS),
        subtype=flags["subtype"].map(in_words),
        predicted=flags["predicted"].map(in_words),
    )
    order = [
        "picture", "name", "subtype", "predicted", "confidence", "magnification", "slide",
        "reason", "note", "reviewer", "time", "run",
    ]  # fmt: skip
    st.dataframe(
        frame_shown[order],
        hide_index=True,
        row_height=56,
        height=560,
        column_config={
            "picture": st.column_config.ImageColumn("", width="small"),
            "name": "Image",
            "subtype": "True",
            "predicted": "Predicted",
            "confidence": st.column_config.NumberColumn("Confidence", format="%.2f"),
            "magnification": "Magnification",
            "slide": "Slide",
            "reason": "Reason",
            "note": "Note",
            "reviewer": "Reviewer",
            "time": st.column_config.DatetimeColumn("Time"),
            "run": "Run",
        },
    )


def in_words(code: object) -> str:
    """Return a sub-type's name, or nothing where there is none."""
    return subtype(code).name if isinstance(code, str) else ""


def counts(flags: pd.DataFrame) -> None:
    """Count flagged images by reason, sub-type and reviewer."""
    named = flags.assign(reason=flags["reason"].map(LABELS), subtype=flags["subtype"].map(in_words))
    for place, (column, title) in zip(
        st.columns(3), (("reason", "Reason"), ("subtype", "Sub-type"), ("reviewer", "Reviewer")), strict=True
    ):
        many = named.groupby(column)["hash"].nunique().sort_values(ascending=False)
        place.dataframe(
            pd.DataFrame({title: many.index, "Images": many.to_numpy()}),
            hide_index=True,
            column_config={
                "Images": st.column_config.ProgressColumn(
                    format="%d", min_value=0, max_value=int(many.max()), color="#00855F"
                )
            },
        )


def retrain(run: Run) -> None:
    """Offer the retraining without flagged images, and follow it."""
    busy = jobs.active(frame.workspace(), "train")
    with st.container(border=True, key="retrain"):
        with st.container(horizontal=True, vertical_alignment="center", key="retrain-row"):
            said = st.container()
            policy = st.selectbox(
                "An image leaves the training when",
                list(reviews.POLICIES),
                index=list(reviews.POLICIES).index(chosen_policy(frame.workspace()).code),
                format_func=lambda code: f"when {reviews.POLICIES[code]}",
                key="policy",
                width=330,
                label_visibility="collapsed",
                help="Which flagged images leave the training",
            )
            if policy != chosen_policy(frame.workspace()).code:
                choose_policy(frame.workspace(), frame.reviewer(), policy)
            plan = retraining.plan(run)
            said.markdown(plan.words)
            pressed = st.button(
                "Retrain without flagged images", type="primary", disabled=bool(busy) or not plan.excluded
            )
        if plan.leaving == 0:
            st.page_link(
                "pages/review.py",
                label="Review the mistakes on training images",
                icon=":material/visibility:",
                query_params={"run": run.name, "part": "train"},
            )
        if pressed:
            wanted = retraining.request(run, plan).to_dict()
            st.session_state.retraining = jobs.submit(frame.workspace(), "train", wanted)
            st.rerun()
        followed = st.session_state.get("retraining") or (busy[0].id if busy else None)
        if followed is not None:
            job_progress.watch(jobs.get(frame.workspace(), followed))


main()
