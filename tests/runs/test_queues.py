import numpy as np
import pandas as pd
import pytest

from breakhis_core.images.taxonomy import CODES
from breakhis_core.runs import PROBABILITIES
from breakhis_core.runs.queues import OLDER, ORDERS, SHOWS, build_queue

# hash, true, predicted, confidence, magnification, part; DC and LC are malignant, A and F benign.
ROWS = [
    ("a", "DC", "LC", 0.90, 40, "test"),
    ("b", "DC", "DC", 0.99, 40, "test"),
    ("c", "A", "DC", 0.60, 100, "test"),
    ("d", "F", "A", 0.95, 100, "test"),
    ("e", "A", "A", 0.30, 200, "test"),
    ("f", "LC", "A", 0.90, 200, "train"),
]


@pytest.fixture
def predictions():
    rows = []
    for hash_, true, predicted, confidence, magnification, part in ROWS:
        chances = {f"p_{code}": (1 - confidence) / 7 for code in CODES} | {f"p_{predicted}": confidence}
        rows.append(
            {"hash": hash_, "name": f"{hash_}.png", "part": part, "subtype": true, "case": f"case {true}"}
            | {"magnification": magnification, "predicted": predicted, "confidence": confidence, **chances}
        )
    return pd.DataFrame(rows)


def _queue(predictions, *args, **wishes):
    return "".join(build_queue(predictions, *args, **wishes)["hash"])


@pytest.mark.parametrize(
    ("show", "order", "expected"),
    [
        ("misclassified", "confident", "dac"),
        ("misclassified", "uncertain", "cad"),
        ("misclassified", "quality", "cda"),
        ("misclassified", "name", "acd"),
        ("left", "confident", "ac"),
        ("all", "confident", "bdace"),
        ("all", "quality", "cedab"),
        ("all", "value", "cedab"),
        ("all_left", "name", "abce"),
        ("disagreeing", "uncertain", "ed"),
    ],
)
def test_what_is_shown_and_its_order_are_chosen_apart(predictions, show, order, expected):
    found = _queue(
        predictions, show=show, order=order, worst=("c", "e", "d"), answered={"d"}, disagreeing={"d", "e"}
    )
    assert found == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("confident_mistakes", "dac"),
        ("side_confusions", "cda"),
        ("not_reviewed", "dac"),
        ("least_certain", "ecadb"),
        ("side_threshold", "ecabd"),
        ("lowest_quality", "abcde"),
        ("disagreeing", ""),
        ("all_not_reviewed", "abcde"),
        ("all", "abcde"),
    ],
)
def test_an_order_of_an_older_link_says_what_to_show_as_well(predictions, order, expected):
    if order == "side_threshold":
        malignant = predictions[[f"p_{code}" for code in ("DC", "LC", "MC", "PC")]].sum(axis=1)
        near = (malignant - 0.5).abs()[predictions["part"] == "test"]
        expected = "".join(predictions["hash"][near.sort_values(kind="stable").index])
    assert _queue(predictions, order=order) == expected
    show, newer = OLDER[order]
    assert _queue(predictions, show=show, order=newer) == expected


def test_a_list_keeps_its_order_and_has_images_of_every_part(predictions):
    listed = ("f", "c", "a", "e")
    for show in ("mixed", "suspects", "telling"):
        assert _queue(predictions, "train", "uncertain", show=show, listed=listed) == "fcae"
        assert _queue(predictions, show=show, listed=listed, subtype="A") == "ce"
        assert _queue(predictions, show=show) == ""


def test_every_order_is_known_and_an_unknown_one_is_refused(predictions):
    for order in ORDERS:
        build_queue(predictions, order=order.code)
    with pytest.raises(ValueError, match="order is one of"):
        build_queue(predictions, order="random")
    for show in SHOWS:
        build_queue(predictions, show=show.code)
    with pytest.raises(ValueError, match="show is one of"):
        build_queue(predictions, show="random")
    with pytest.raises(ValueError, match="part is one of"):
        build_queue(predictions, part="tset")


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({"part": "train"}, "f"),
        ({"part": None}, "abcdef"),
        ({"subtype": "A"}, "ce"),
        ({"predicted": "DC"}, "bc"),
        ({"magnification": 40}, "ab"),
        ({"case": "case DC"}, "ab"),
        ({"confidence": (0.6, 0.9)}, "ac"),
        ({"only": ["b", "e", "f"]}, "be"),
        ({"subtype": "A", "predicted": "A"}, "e"),
        ({"subtype": "PT"}, ""),
    ],
)
def test_filters(predictions, wishes, expected):
    assert _queue(predictions, order="all", **wishes) == expected


def test_what_was_answered_leaves_and_where_reviewers_disagree_stays(predictions):
    assert _queue(predictions, order="not_reviewed", answered={"d"}) == "ac"
    assert _queue(predictions, order="all_not_reviewed", answered={"d", "a"}) == "bce"
    assert _queue(predictions, order="all", answered={"d"}) == "abcde"
    assert _queue(predictions, order="disagreeing", disagreeing={"b", "e"}) == "be"


def test_the_order_does_not_depend_on_the_order_of_the_rows(predictions):
    predictions["confidence"] = 0.5
    shuffled = predictions.sample(frac=1, random_state=3).reset_index(drop=True)
    for order in ORDERS:
        assert _queue(predictions, order=order.code) == _queue(shuffled, order=order.code)


def test_row_leads_to_the_class_maps(fake_run):
    queue = build_queue(fake_run, "test", "all")
    predictions = fake_run.predictions()
    assert list(queue["hash"]) == list(predictions["hash"].iloc[queue["row"]])
    assert np.array_equal(
        queue[list(PROBABILITIES)].to_numpy(), predictions[list(PROBABILITIES)].iloc[queue["row"]].to_numpy()
    )
    assert "row" not in fake_run.predictions()


def test_a_run_without_mistakes_has_an_empty_queue(predictions):
    predictions["predicted"] = predictions["subtype"]
    assert build_queue(predictions).empty


def test_the_lowest_quality_comes_first_and_what_was_not_measured_last(predictions):
    assert _queue(predictions, order="lowest_quality", worst=("f", "e", "b")) == "ebacd"
