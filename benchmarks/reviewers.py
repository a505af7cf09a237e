"""Simulated reviewers: each opens a websocket as a browser does, shows a page and presses Next.

Clicking by hand, and Streamlit's own AppTest, never show what many sessions do to one server; this does.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import numpy as np
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.server import Server

LONGEST = 240.0
"""Seconds after which the reviewers give up."""


@dataclass
class Timings:
    """What the reviewers waited for, in seconds.

    Attributes:
        first: from asking for the page until its script had finished, one per reviewer.
        following: from Next until the script had finished, one per press.
        unchanged: number of presses that changed nothing on the page.
        server: processor time of the server for one press, on average.
    """

    first: list[float] = field(default_factory=list)
    following: list[float] = field(default_factory=list)
    unchanged: int = 0
    server: float = 0.0


@dataclass(frozen=True)
class _Shown:
    buttons: dict[str, tuple[str, str]]
    content: tuple[bytes, ...]


def percentile(seconds: list[float], percent: float) -> float:
    """Return a percentile of waiting times in milliseconds.

    >>> percentile([0.001, 0.002, 0.003], 50)
    2.0
    """
    return float(np.percentile(seconds, percent) * 1000)


def review(server: Server, page: str, reviewers: int, presses: int, think: float = 0.5) -> Timings:
    """Let reviewers open a page at once and, when it has come to all, press its button Next.

    Args:
        server: the server.
        page: URL path of the page.
        reviewers: how many at a time.
        presses: how often each presses.
        think: mean pause before each press in seconds; it varies between half and one and a half of this.

    Raises:
        RuntimeError: the page showed an exception, or has no button Next.
    """
    timings = Timings()
    asyncio.run(_all(server, page, reviewers, presses, think, timings))
    return timings


async def _all(
    server: Server, page: str, reviewers: int, presses: int, think: float, timings: Timings
) -> None:
    random = np.random.default_rng(0)
    pauses = random.uniform(0.5 * think, 1.5 * think, (reviewers, presses))
    all_here = asyncio.Barrier(reviewers)
    async with asyncio.timeout(LONGEST), asyncio.TaskGroup() as tasks:
        for row in pauses:
            tasks.create_task(_one(server, page, row.tolist(), timings, all_here))
    if timings.following:
        timings.server = (server.processor_time() - timings.server) / len(timings.following)


async def _one(
    server: Server, page: str, pauses: list[float], timings: Timings, all_here: asyncio.Barrier
) -> None:
    async with websockets.connect(
        f"ws://{server.address}/_stcore/stream",
        subprotocols=[websockets.Subprotocol("streamlit")],
        origin=websockets.Origin(f"http://{server.address}"),
        max_size=None,
        open_timeout=60,
    ) as socket:
        seconds, shown = await _rerun(socket, page)
        timings.first.append(seconds)
        if await all_here.wait() == 0:
            timings.server = server.processor_time()
        for pause in pauses:
            await asyncio.sleep(pause)
            if "Next" not in shown.buttons:
                raise RuntimeError(f"The page {page!r} shows no button Next but {sorted(shown.buttons)}.")
            before = shown
            seconds, shown = await _rerun(socket, page, before.buttons["Next"])
            timings.following.append(seconds)
            timings.unchanged += shown.content == before.content


async def _rerun(
    socket: websockets.ClientConnection, page: str, button: tuple[str, str] | None = None
) -> tuple[float, _Shown]:
    """Ask for a run of the page's script and wait until it has finished."""
    message = BackMsg()
    message.rerun_script.page_name = page
    message.rerun_script.query_string = ""
    if button is not None:
        widget, fragment = button
        message.rerun_script.fragment_id = fragment
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.trigger_value = widget, True
    began = time.perf_counter()
    await socket.send(message.SerializeToString())
    buttons: dict[str, tuple[str, str]] = {}
    content: list[bytes] = []
    while True:
        received = ForwardMsg()
        received.ParseFromString(await socket.recv())
        kind = received.WhichOneof("type")
        if kind == "script_finished":
            return time.perf_counter() - began, _Shown(buttons, tuple(content))
        if kind == "delta" and received.delta.WhichOneof("type") == "new_element":
            element = received.delta.new_element
            content.append(element.SerializeToString())
            if element.WhichOneof("type") == "exception":
                raise RuntimeError(f"The page {page!r} raised: {element.exception.message}")
            if element.WhichOneof("type") == "button":
                buttons[element.button.label] = (element.button.id, received.delta.fragment_id)
