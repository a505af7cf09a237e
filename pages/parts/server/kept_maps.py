"""Answers for an image's maps by one method: the maps, or how far they are."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from breakhis_core.jobs import Job
from breakhis_core.jobs.map_jobs import job_of
from breakhis_core.maps.store import KeptMaps, MapStore, in_json
from breakhis_core.workspace import Workspace


def answer(place: Workspace, key: str, method: str, image: str) -> dict[str, Any]:
    """Return what the viewer fetches: the kept maps, or how far their computing is.

    Returns:
        ``{"ready": True, ...}`` with the maps packed into one byte a cell (``tops`` is what 255
        stands for), their figures, ``weak``, below which a peak is weak, and the method's sanity check;
        or ``{"ready": False, "job": ...}``.
    """
    store = MapStore(place, key)
    kept = store.get(method, image)
    if kept is None:
        job = job_of(place, key, method)
        return {"ready": False, "job": None if job is None else _status(job)}
    about, sanity = store.about(method), store.sanity(method)
    return {
        "ready": True,
        **_packed(kept),
        "figures": in_json(kept),
        "strong": about.get("strong"),
        "weak": None if sanity is None else sanity["peak"],
        "sanity": sanity,
    }


def _packed(kept: KeptMaps) -> dict[str, Any]:
    maps = kept.maps.astype(np.float32)
    tops = [float(one.max()) or 1.0 for one in maps]
    bytes_ = np.round(maps * (255 / np.array(tops, np.float32))[:, None, None]).astype(np.uint8).tobytes()
    _, rows, columns = maps.shape
    return {
        "codes": list(kept.codes),
        "rows": rows,
        "columns": columns,
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
