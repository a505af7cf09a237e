import json

from breakhis_core import reviews
from tests.command_line.test_all_commands import call

QUICK = ("--seeds", "2", "--placebos", "19")


def test_suspects_come_in_the_order_of_doubt_and_hold_no_test_image(looked_run):
    run, doubtful = looked_run
    told = json.loads(call("suspects", "looked", "--json").stdout)
    assert [set(one) for one in told["suspects"][:1]] == [
        {"name", "hash", "given", "suggested", "score", "value"}
    ]
    scores = [one["score"] for one in told["suspects"]]
    assert scores == sorted(scores, reverse=True)
    assert {one["hash"] for one in told["suspects"][:3]} == set(doubtful)
    tested = run.predictions().query("part == 'test'")["hash"]
    assert not {one["hash"] for one in told["suspects"]} & set(tested)
    assert (told["run"], told["phantom"], told["by_image"]["unit"]) == ("looked", True, "image")


def test_worth_gives_arms_differences_and_a_verdict(workspace, looked_run):
    for image in looked_run[1]:
        reviews.flag(workspace, "Ada", image, "wrong_label", correction="LC")
    told = json.loads(call("worth", "looked", *QUICK, "--json").stdout)
    without = told["arms"]["without"]
    assert told["verdict"] == told["arms"][told["best"]]["verdict"]
    assert told["sentence"] == told["arms"][told["best"]]["sentence"]
    assert (told["seeds"], told["placebos"], told["flagged"]) == (2, 19, 3)
    for figure in ("accuracy", "macro_f1", "sides"):
        assert without["figures"][figure].keys() >= {"value", "to_all", "to_placebo", "p"}
    people = call("worth", "looked", *QUICK).stdout
    assert people.index("Smallest effect that could have been seen") < people.index("against the placebo")
    assert people.rstrip().endswith("Synthetic phantoms, not tissue. Research tool, not a medical device.")


def test_without_a_flag_on_what_is_learnt_there_is_nothing_to_measure(workspace, looked_run):
    told = call("worth", "looked", *QUICK)
    assert told.exit_code == 1
    assert "No flagged image" in told.stderr
