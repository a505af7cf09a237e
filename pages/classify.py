"""Classify: what is this image?"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from breakhis_core.errors import InputError
from breakhis_core.images import taxonomy
from breakhis_core.images.input_form import InputForm
from breakhis_core.maps import scale as maps_scale
from breakhis_core.runs import Run, classifying
from breakhis_core.runs.classifying import MAX_FILES, Classified, Known
from breakhis_core.runs.predictor import Predictor
from breakhis_core.wording import counted, number
from pages.parts.components.common import assets
from pages.parts.components.viewer import viewer
from pages.parts.shared import frame
from pages.parts.shared.markdown import plain

KINDS = ["png", "jpg", "jpeg", "tif", "tiff"]
# Heights in pixels of a row of the list, of its head, and of the list at most: it scrolls from then on.
ROW, HEAD, MOST = 34, 36, 36 + 5 * 34
ROWS = "classified-rows"


@dataclass(frozen=True)
class Opened:
    """What of a run all sessions share."""

    predictor: Predictor
    form: InputForm
    known: dict[str, Known]
    scale: maps_scale.MapScale
    evidence: viewer.Evidence


@st.cache_resource(max_entries=3, show_spinner="Opening the run’s predictor …")
def opened(path: str, predictor: str, predictions: str, _run: Run) -> Opened:
    """Open a run's predictor once for all sessions; the hashes of the files stand for what they hold."""
    table = _run.predictions()
    classes = np.array([taxonomy.CODES.index(code) for code in table["predicted"]], np.intp)
    return Opened(
        # One thread: a picture takes 10 ms instead of 6, and who reviews meanwhile does not feel it.
        Predictor.load(_run.path / "predictor.onnx", threads=1),
        _run.input_form,
        classifying.known_images(table),
        maps_scale.MapScale.of(_run.class_maps(), classes),
        viewer.Evidence.of(_run),
    )


def classified(run: Run, shared: Opened, files: list[Any]) -> list[Classified]:
    """Classify what is new among the files, with progress, and keep what was classified before."""
    key = (run.name, run.manifest["files"]["predictor.onnx"])
    if st.session_state.get("classified_by") != key:
        st.session_state.classified_by, st.session_state.classified = key, {}
    kept: dict[str, Classified] = st.session_state.classified
    waiting = [file for file in files if file.file_id not in kept]
    bar = st.progress(0.0, "") if len(waiting) > 5 else None
    for done, file in enumerate(waiting):
        if bar is not None:
            bar.progress(done / len(waiting), f"Classified {done} of {counted(len(waiting), 'file')}")
        kept[file.file_id] = classifying.classify(shared.predictor, shared.form, file.name, file.getvalue())
    if bar is not None:
        bar.empty()
    present = {file.file_id for file in files}
    st.session_state.classified = {name: result for name, result in kept.items() if name in present}
    return [st.session_state.classified[file.file_id] for file in files]


def choose_result(good: list[Classified]) -> Classified:
    """List the results and walk them by click or key; return the one that is shown."""
    if len(good) == 1:
        return good[0]
    place = min(place_in_list(), len(good) - 1)
    st.dataframe(
        list_frame(good),
        hide_index=True,
        height=min(ROW * len(good) + HEAD, MOST),
        row_height=ROW,
        key=ROWS,
        on_select="rerun",
        selection_mode="single-cell",
        column_config={
            "picture": st.column_config.ImageColumn("", width=60),
            "file": st.column_config.TextColumn("File"),
            "subtype": st.column_config.TextColumn("Sub-type", width=70),
            "side": st.column_config.TextColumn("Side", width=80),
            "confidence": st.column_config.NumberColumn("Confidence", format="%.3f", width=80),
        },
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Previous", shortcut="Left", disabled=place == 0, on_click=go_to, args=(place - 1,))
        st.button(
            "Next", shortcut="Right", disabled=place == len(good) - 1, on_click=go_to, args=(place + 1,)
        )
        st.caption(f"{place + 1} of {len(good)}")
    return good[place]


def place_in_list() -> int:
    """Return the row in which the cursor stands, the first before any click."""
    cells = st.session_state.get(ROWS, {}).get("selection", {}).get("cells", [])
    return int(cells[0][0]) if cells else 0


def go_to(place: int) -> None:
    """Answer to Next and Previous: put the cursor into a row of the list."""
    st.session_state[ROWS] = {"selection": {"rows": [], "columns": [], "cells": [(place, "file")]}}


def answer(result: Classified, known: Known | None) -> None:
    """Say sub-type, side and confidence, the eight probabilities, and whether the run has seen the image."""
    viewer.show_verdict("classify")
    st.caption(
        f"{result.subtype} {taxonomy.subtype(result.subtype).name}, {result.side}: confidence "
        f"{number(result.confidence)}, all malignant sub-types together {number(result.malignant)} · "
        f"{plain(result.file)} · {result.size[0]:,} × {result.size[1]:,} pixels"
    )
    sentence = classifying.what_is_known(known)
    if sentence is not None:
        st.info(sentence)


def picture(result: Classified, known: Known | None, shared: Opened, run: Run) -> None:
    """Show the picture with its heat map, where the model saw it."""
    viewer.show(
        "classify",
        viewer.Shown(
            hash=result.hash,
            name=result.file,
            picture=data_address(result.shown),
            probabilities=result.probabilities,
            predicted=result.subtype,
            true=None if known is None else known.subtype,
            maps=result.class_maps,
            covered=shared.form.covered(*result.size),
            scale=shared.scale,
            evidence=shared.evidence,
        ),
        height=f"max(340px, min(100vh - {395 if run.phantom else 330}px, 66vw))",
    )


def refused(bad: list[Classified]) -> None:
    """List the files that could not be used, one sentence each."""
    if not bad:
        return
    lines = "\n".join(f"- {plain(result.error or '')}" for result in bad)
    with (
        st.expander(
            f"{counted(len(bad), 'file')} could not be used", expanded=True, icon=":material/warning:"
        ),
        st.container(height=96 if len(bad) > 3 else "content", border=False),
    ):
        st.markdown(lines)


def downloads(results: list[Classified], known: dict[str, Known], run: Run) -> None:
    """Offer the results of all files as a table."""
    name = f"classified-by-{run.name}"
    table = classifying.results_csv(results, known, run.name)
    records = classifying.results_json(results, known, run.name)
    with st.container(horizontal=True):
        st.download_button("Download CSV", table, f"{name}.csv", "text/csv")
        st.download_button("Download JSON", records, f"{name}.json", "application/json")


def list_frame(results: Iterable[Classified]) -> pd.DataFrame:
    """Return the rows of the list on the screen: thumbnail, file, sub-type, side, confidence."""
    columns = ["picture", "file", "subtype", "side", "confidence"]
    rows = [
        (data_address(result.thumbnail), result.file, result.subtype, result.side, result.confidence)
        for result in results
    ]
    return pd.DataFrame(rows, columns=columns)


def data_address(jpeg: bytes) -> str:
    """Return a picture as an address that holds it."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


controls = frame.page_header("Classify")
frame.stack_columns()
run = frame.choose_run("classify-run", controls)
if run is None:
    frame.empty_state(
        "There is no run to classify with: train one, or copy a run folder into `models/`.",
        "Train a run",
        "pages/train.py",
    )
    st.stop()
if run.phantom:
    st.warning(
        "This run was trained on synthetic phantoms: what it says of a picture of tissue means nothing.",
        icon=":material/science:",
    )
large, small = st.columns([62, 38], gap="medium")
with large:
    given = st.file_uploader(
        f"PNG, JPEG or TIFF, up to {MAX_FILES} files of at most 50 megapixels. They are not kept.",
        KINDS,
        accept_multiple_files=True,
        max_upload_size=classifying.MAX_MEGABYTES,
        key="uploads",
    )
    st.html(assets.PARTS / "classify" / ("full.css" if given else "empty.css"))
if run.folds:
    small.info(
        f"**{plain(run.name)}** is a cross-validation of {run.folds} models, none of which is the model: "
        "choose a run of one model to classify with."
    )
    st.stop()
if not given:
    small.caption(
        "Each picture gets its sub-type, benign or malignant, the eight probabilities and a heat map of "
        "where the model looked."
    )
    st.stop()
files = given[:MAX_FILES]
try:
    run.require_model()
    shared = opened(
        str(run.path),
        run.manifest["files"]["predictor.onnx"],
        run.manifest["files"]["predictions.parquet"],
        run,
    )
except InputError as error:
    small.error(f"{plain(str(error))} Choose another run.")
    st.stop()
with large:
    results = classified(run, shared, files)
good = [result for result in results if result.error is None]
with small:
    if len(given) > len(files):
        st.warning(
            f"The first {len(files)} of {len(given)} files are classified; drop the others afterwards."
        )
    refused([result for result in results if result.error is not None])
    if good:
        chosen = choose_result(good)
        seen = shared.known.get(chosen.hash)
        answer(chosen, seen)
    downloads(results, shared.known, run)
if good:
    with large:
        picture(chosen, seen, shared, run)
