import json

import pytest

from breakhis_core import reviews
from breakhis_core.results.compare import compare
from breakhis_core.results.comparison_words import in_words
from tests.command_line.test_all_commands import call
from tests.conftest import write_fake_run


@pytest.fixture
def other(workspace, pictures, fake_run):
    """A run on the same test images that answers otherwise."""
    return write_fake_run(workspace.models, "other", pictures, seed=5)


def named(*runs):
    return [(run.name, run.predictions(), run.unit) for run in runs]


def test_json_is_the_comparison_of_the_screen_with_its_verdict(fake_run, other):
    told = call("compare", "other", "fake", "--json")
    assert told.exit_code == 0
    answer = json.loads(told.stdout)
    expected = compare(named(fake_run, other))
    assert answer.items() >= json.loads(json.dumps(expected)).items()
    assert (answer["run"], answer["base"], answer["phantom"]) == ("other", "fake", True)
    assert answer["verdicts"] == {"other": in_words(expected)}


def test_people_read_the_verdict_first_then_the_numbers(fake_run, other):
    told = call("compare", "other", "fake").stdout.splitlines()
    expected = compare(named(fake_run, other))
    assert told[0] == in_words(expected)
    assert told[1].split()[:3] == ["metric", "fake", "other"]
    assert any("(McNemar)" in line for line in told)
    assert told[-1] == "Synthetic phantoms, not tissue. Research tool, not a medical device."


def test_corrected_labels_are_a_second_line(workspace, fake_run, other):
    table = fake_run.predictions()
    image, code = table.loc[table["part"] == "test", ["hash", "subtype"]].iloc[0]
    headline = call("compare", "other", "fake").stdout.splitlines()[0]
    reviews.flag(workspace, "Ada", image, "wrong_label", correction="PC" if code != "PC" else "MC")
    told = call("compare", "other", "fake").stdout.splitlines()
    assert told[0] == headline
    (line,) = (
        line for line in told if line.startswith("With corrected labels: 1 test image of 32 relabelled")
    )
    assert line.endswith("(second line, on labels that 1 reviewer corrected; not the headline).")


def test_images_that_changed_sides_are_listed_when_asked(fake_run, other):
    against = compare(named(fake_run, other))["against"][0]
    names = fake_run.predictions().set_index("hash")["name"]
    lines = call("compare", "other", "fake", "--images").stdout.splitlines()
    listed = {line.strip() for line in lines if line.startswith("  SOB")}
    assert listed == set(names[[*against["fixed"], *against["broken"]]])


def test_further_runs_are_held_against_the_same_one(workspace, pictures, fake_run, other):
    write_fake_run(workspace.models, "third", pictures, seed=6)
    answer = json.loads(call("compare", "other", "fake", "third", "--json").stdout)
    assert answer["runs"] == ["fake", "other", "third"]
    assert list(answer["verdicts"]) == ["other", "third"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"unit": "image"}, "not tested on the same images"), ({"phantom": False}, "of tissue")],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(workspace, pictures, fake_run, change, reason):
    write_fake_run(workspace.models, "stranger", pictures, seed=3, **change)
    told = call("compare", "stranger", "fake", "--json")
    assert told.exit_code == 1
    assert reason in json.loads(told.stdout)["error"]


def test_a_run_beside_itself_is_refused(fake_run):
    told = call("compare", "fake", "fake")
    assert (told.exit_code, told.stderr) == (1, "fake is named twice; a run is compared with others.\n")
