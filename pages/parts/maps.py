"""Maps by other methods in the review screen: what the viewer is told, fetches, and may start."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from breakhis_core import jobs
from breakhis_core.errors import InputError
from breakhis_core.jobs import Job
from breakhis_core.map_jobs import job_of, submit_maps
from breakhis_core.map_methods import CODES
from breakhis_core.map_store import KeptMaps, MapStore, in_json, run_key
from breakhis_core.map_work import MapRequest
from breakhis_core.workspace import Workspace
from pages.parts.frame import workspace
from pages.parts.markdown import plain
from pages.parts.review_queue import Item, Queue
from pages.parts.viewer import MoreMaps


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
            request = MapRequest(queue.run.name, (method,), known.part, (image,))
            submit_maps(workspace(), queue.run, request)
    except InputError as error:  # Another tab was quicker.
        st.toast(plain(str(error)))


def _covers(job: Job, image: str) -> bool:
    return image in job.arguments.get("first", ())


def answer(place: Workspace, key: str, method: str, image: str) -> dict[str, Any]:
    """Return what the viewer fetches: the kept maps, or how far their computing is.

    Returns:
        ``{"ready": True, ...}`` with the maps packed as in ``viewer`` (one byte a cell, ``tops`` is what 255
        stands for), their figures and the method's sanity check; or ``{"ready": False, "job": ...}``.
    """
    store = MapStore(place, key)
    kept = store.get(method, image)
    if kept is None:
        job = job_of(place, key, method)
        return {"ready": False, "job": None if job is None else _status(job)}
    about = store.about(method)
    return {
        "ready": True,
        **_packed(kept),
        "figures": in_json(kept),
        "strong": about.get("strong"),
        "weak": about.get("weak"),
        "sanity": about.get("sanity"),
    }


def _packed(kept: KeptMaps) -> dict[str, Any]:
    maps = kept.maps.astype(np.float32)
    tops = [float(one.max()) or 1.0 for one in maps]
    bytes_ = np.round(maps * (255 / np.array(tops, np.float32))[:, None, None]).astype(np.uint8).tobytes()
    return {
        "codes": list(kept.codes),
        "size": maps.shape[-1],
        "tops": tops,
        "maps": base64.b64encode(bytes_).decode(),
    }


def _status(job: Job) -> dict[str, Any]:
    return {
        "state": job.state,
        "active": job.active,
        "stopping": job.stopping,
        "resumable": job.resumable,
        "message": job.message,
        "fraction": job.fraction,
        "left": job.seconds_left,
        "error": job.error,
    }
