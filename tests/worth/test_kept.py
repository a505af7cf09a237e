"""Which kept result is the one that is asked for."""

from __future__ import annotations

from breakhis_core import reviews
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from breakhis_core.worth.kept import kept_result, last_result, request_for, result_of, takes_part
from breakhis_core.worth.words import card_section, section
from tests.worth.kept_results import measure_and_keep


def test_a_result_is_found_by_its_flags_and_by_what_a_retraining_left_out(
    workspace: Workspace, looked_run: tuple[Run, tuple[str, ...]]
) -> None:
    run, (first, second, third) = looked_run
    given = run.predictions().set_index("hash")["subtype"]
    test = run.predictions().loc[lambda table: table["part"] == "test", "hash"].iloc[0]
    reviews.flag(workspace, "Ada", test, "staining")
    assert not takes_part(run, request_for(workspace, run))
    reviews.flag(workspace, "Ada", first, "staining")
    right = "PC" if given[second] != "PC" else "DC"
    reviews.flag(workspace, "Ada", second, "wrong_label", correction=right)
    request = request_for(workspace, run)
    assert takes_part(run, request)
    assert section(workspace, run) is None
    assert card_section(workspace, run) == ""
    result = measure_and_keep(workspace, run)
    assert kept_result(workspace, run, request) == result
    for name, out, labels in (
        ("without", [first, second], {}),
        ("corrected", [], {second: right}),
        ("both", [first], {second: right}),
    ):
        found = result_of(workspace, run, out, labels)
        assert found is not None
        assert found[0] == name
    assert result_of(workspace, run, [first, third], {}) is None
    assert "## What leaving out is worth" in card_section(workspace, run)
    reviews.flag(workspace, "Ada", third, "staining")
    assert kept_result(workspace, run, request_for(workspace, run)) is None
    assert last_result(workspace, run) == result
