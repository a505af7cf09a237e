"""Class maps in the review screen: where they lie, and maps by other methods, which may be computed."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from breakhis_core import jobs
from breakhis_core.errors import InputError
from breakhis_core.images.datasets import picture_size
from breakhis_core.jobs import Job
from breakhis_core.jobs.map_jobs import job_of, submit_maps
from breakhis_core.maps.job import MapRequest
from breakhis_core.maps.methods import CODES
from breakhis_core.maps.store import run_key
from breakhis_core.runs import Run
from pages.parts.components.viewer.viewer import MoreMaps
from pages.parts.review.queue import Item, Queue
from pages.parts.shared.frame import workspace
from pages.parts.shared.markdown import plain


def covered(run: Run, image: str) -> tuple[float, float, float, float]:
    """Return the part of a run's model input that an image covers, ``InputForm.covered``."""
    form = run.input_form
    size = picture_size(workspace(), image) if form.keep_proportions else None
    return (0.0, 0.0, 1.0, 1.0) if size is None else form.covered(*size)


def more(queue: Queue, item: Item) -> MoreMaps | None:
    """Return where the viewer finds an image's other maps, and what computing them would cover.

    None for a cross-validation: the Keras models of its folds, which other methods need, are not kept.
    """
    if queue.run.folds:
        return None
    return MoreMaps(run_key(queue.run), item.part, queue.mistakes.get(item.part, 0))


def act(queue: Queue, message: Mapping[str, object]) -> None:
    """Start, stop or go on with the computing of a method's maps, as the viewer was asked to."""
    method, image, what = (str(message.get(name, "")) for name in ("method", "hash", "what"))
    if method not in CODES or image not in queue.place:
        return
    known = more(queue, queue.items[queue.place[image]])
    if known is None:
        return
    latest = job_of(workspace(), run_key(queue.run), method)
    try:
        if what == "stop" and latest is not None and latest.active:
            jobs.request_stop(workspace(), latest.id)
        elif what == "resume" and latest is not None and latest.resumable:
            jobs.resume(workspace(), latest.id)
        elif what == "start" and not (latest is not None and latest.active and _covers(latest, image)):
            request = MapRequest(run=queue.run.name, methods=(method,), part=known.part, first=(image,))
            submit_maps(workspace(), queue.run, request)
    except InputError as error:  # Another tab was quicker.
        st.toast(plain(str(error)))


def _covers(job: Job, image: str) -> bool:
    return image in job.arguments.get("first", ())
