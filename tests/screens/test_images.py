"""The images of a run as points: what they are coloured by, which are chosen, and where that leads."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest
from starlette.requests import Request
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from breakhis_core import reviews
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from pages.parts.components.plane.plane import packed, unpacked
from pages.parts.review.queue import queue_of
from pages.parts.server import image_about
from pages.parts.shared import selections
from tests.screens.components import component, shown
from tests.screens.in_app import in_app


def groups(screen: AppTest, run: str) -> dict[str, int]:
    """Return how many images each group of the plane has."""
    assert not screen.exception, screen.exception
    return {one["label"]: one["images"] for one in shown(screen, f"plane-{run}")["groups"] if one["images"]}  # type: ignore[attr-defined]


def choose(screen: AppTest, run: str, rows: list[int], count: int) -> AppTest:
    """Choose the images of these rows, as a rectangle around them does."""
    bits = np.isin(np.arange(count), rows)
    proto = component(screen, f"plane-{run}")
    state = WidgetState(id=proto.id)
    state.json_value = json.dumps({"chosen": packed(np.packbits(bits, bitorder="little"))})
    states = screen._tree.get_widget_states()
    states.widgets.append(state)
    return screen._run(states)


def told(query: bytes) -> tuple[int, str]:
    """Return how the server answers who points at an image."""
    answer = asyncio.run(image_about.about(Request({"type": "http", "query_string": query, "headers": []})))
    return answer.status_code, bytes(answer.body).decode()


def test_points_are_coloured_by_sub_type_part_or_flag(workspace: Workspace, fake_run: Run) -> None:
    table = fake_run.predictions()
    found = groups(in_app("results", run="fake", view="Images"), "fake")
    assert sum(found.values()) == len(table)
    assert found["ductal carcinoma"] == (table["subtype"] == "DC").sum()
    found = groups(in_app("results", run="fake", view="Images", colour="part"), "fake")
    assert found["Test"] == (table["part"] == "test").sum()
    reviews.flag(workspace, "Ada", table["hash"].iat[0], "staining", run="fake")
    reviews.keep(workspace, "Bob", table["hash"].iat[0], run="fake")
    found = groups(in_app("results", run="fake", view="Images", colour="flag"), "fake")
    assert found == {"No answer": len(table) - 1, "Flagged": 1}


def test_suspicion_is_offered_where_something_was_kept_of_it(looked_run: tuple[Run, tuple[str, ...]]) -> None:
    run, suspects = looked_run
    found = groups(in_app("results", run=run.name, view="Images", colour="suspicion"), run.name)
    assert found["No score"] == (run.predictions()["part"] == "test").sum()
    assert sum(many for label, many in found.items() if label > "0.5" and label[0] != "N") >= len(suspects)
    other = in_app("results", run="fake", view="Images", colour="suspicion")
    assert "Suspicion" not in other.selectbox(key="choice-colour").options


def test_a_choice_stands_in_the_address_and_leads_to_its_review(workspace: Workspace, fake_run: Run) -> None:
    hashes = fake_run.predictions()["hash"]
    screen = choose(in_app("results", run="fake", view="Images"), "fake", [3, 9], len(hashes))
    assert not screen.exception, screen.exception
    found = screen.query_params["chosen"]
    said = found if isinstance(found, str) else found[0]
    assert selections.among(hashes, said, workspace.root).nonzero()[0].tolist() == [3, 9]
    assert "Review 2 chosen images" in [link.proto.label for link in screen.get("page_link")]
    # A link to it, or a refresh, shows the same choice.
    again = in_app("results", run="fake", view="Images", chosen=said)
    bits = str(shown(again, "plane-fake")["chosen"])
    assert unpacked(bits, len(hashes)).nonzero()[0].tolist() == [3, 9]


def test_a_kept_selection_is_a_queue(
    workspace: Workspace, fake_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selections, "_FEW", 3)
    hashes = fake_run.predictions()["hash"].tolist()
    said = selections.in_address(hashes[:7], workspace.root)
    assert said.startswith("kept-")
    queue = queue_of(fake_run, said, part=None, show="all", order="name")
    assert {item.hash for item in queue.items} == set(hashes[:7])
    screen = in_app("review", run="fake", part="every", order="all", only=said)
    assert not screen.exception, screen.exception
    assert shown(screen, "review-stage")["hash"] == queue.items[0].hash


def test_who_points_at_an_image_is_told_what_it_is(looked_run: tuple[Run, tuple[str, ...]]) -> None:
    run, suspects = looked_run
    row = run.predictions()["hash"].tolist().index(suspects[0])
    code, body = told(f"run={run.name}&row={row}".encode())
    said = json.loads(body)
    assert code == 200
    assert said["hash"] == suspects[0]
    assert any(line.startswith("Suggested: ") for line in said["lines"])
    for wrong in ("run=gone&row=0", f"run={run.name}&row=-1", f"run={run.name}&row=99999", "run=../x&row=0"):
        assert told(wrong.encode())[0] == 404
