import json

import numpy as np
import pandas as pd
import pytest

from breakhis_core.errors import InputError
from breakhis_core.results.evaluate import evaluate, value_at
from breakhis_core.reviews.summary import (
    base_rate_sample,
    corrected_in_words,
    in_words,
    review_states,
    summarise,
    without_in_words,
)
from tests.prediction_tables import certain, predictions_table, table_of


def answers(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["hash", "action", "reason"])


@pytest.fixture
def table() -> pd.DataFrame:
    """Twelve images of six cases; the first six are wrong."""
    true = np.arange(12) % 8
    called = np.where(np.arange(12) < 6, (true + 1) % 8, true)
    return table_of(true, certain(called), np.arange(12) % 6)


@pytest.fixture
def said(table) -> pd.DataFrame:
    """Three mistakes are flagged, one of them twice, one is kept; of the right ones one and three."""
    image = table["hash"].tolist()
    return answers(
        (image[0], "flag", "staining"),
        (image[0], "flag", "artefact"),
        (image[1], "flag", "staining"),
        (image[2], "flag", "wrong_label"),
        (image[3], "keep", None),
        (image[6], "flag", "staining"),
        (image[7], "keep", None),
        (image[8], "keep", None),
        (image[9], "keep", None),
    )


def flagged(said: pd.DataFrame) -> list[str]:
    return said.loc[said["action"] == "flag", "hash"].unique().tolist()


def test_the_counts_and_the_base_rate(table, said):
    found = summarise(table, "case", said, flagged(said))
    mistakes, right = found["mistakes"], found["right"]
    assert {key: mistakes[key] for key in ("images", "flagged", "disputed", "kept", "open", "reviewed")} == {
        "images": 6, "flagged": 3, "disputed": 0, "kept": 1, "open": 2, "reviewed": 4,
    }  # fmt: skip
    assert (right["images"], right["flagged"], right["kept"], right["open"]) == (6, 1, 3, 2)
    assert (mistakes["share"], right["share"], found["difference"]["value"]) == (0.75, 0.25, 0.5)
    assert found["reasons"] == [
        {"reason": "staining", "mistakes": 2, "right": 1},
        {"reason": "artefact", "mistakes": 1, "right": 0},
        {"reason": "wrong_label", "mistakes": 1, "right": 0},
    ]
    assert (found["unit"], found["part"], found["images"], found["cases"]) == ("case", "test", 12, 6)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_share_is_resampled_by_case():
    """An independent bootstrap, one case after the other, gives the same interval."""
    table = predictions_table(images=240, cases=24, skill=1.0, seed=3)
    wrong = (table["predicted"] != table["subtype"]).to_numpy()
    draw = np.random.default_rng(5)
    pick = draw.random(240) < 0.5
    said = answers(*((image, "flag", "staining") for image in table["hash"][pick]))
    said = pd.concat([said, answers(*((image, "keep", None) for image in table["hash"][~pick]))])
    found = summarise(table, "case", said, table["hash"][pick].tolist())
    cases = [rows.index.to_numpy() for _, rows in table.groupby("case")]
    differences = []
    for _ in range(4000):
        rows = np.concatenate([cases[place] for place in draw.integers(0, 24, 24)])
        differences.append(pick[rows][wrong[rows]].mean() - pick[rows][~wrong[rows]].mean())
    expected = np.quantile(differences, [0.025, 0.975])
    assert found["difference"]["interval"] == pytest.approx(expected, abs=0.02)


def test_without_the_flagged_images_is_an_evaluation_of_the_rest(table, said):
    found = summarise(table, "case", said, flagged(said))["without_flagged"]
    left = evaluate(table[~table["hash"].isin(flagged(said))], "case")
    assert (found["flagged_images"], found["images"], found["cases"]) == (4, 8, left["cases"])
    assert found["metrics"]["accuracy"] == {
        "whole": 0.5,
        "without": 5 / 8,
        "interval": left["intervals"]["accuracy"],
    }
    assert found["metrics"]["macro_f1"]["without"] == value_at(left, "macro_f1")


def test_an_image_that_the_rule_keeps_is_disputed(table, said):
    states = review_states(table["hash"], said, [table["hash"][0]])
    assert states[:5].tolist() == ["flagged", "disputed", "disputed", "kept", "open"]
    told = in_words(summarise(table, "case", said, [table["hash"][0]]))
    assert told[0] == (
        "Of 6 mistakes, 1 is flagged, 2 are flagged but kept by the rule, 1 is kept and 2 are not reviewed."
    )


def test_the_words_never_explain_without_a_base_rate(table, said):
    mistakes_only = said[said["hash"].isin(table["hash"][:6])]
    told = in_words(summarise(table, "case", mistakes_only, flagged(mistakes_only)))
    assert told == [
        "Of 6 mistakes, 3 are flagged, 1 is kept and 2 are not reviewed.",
        "None of the 6 rightly classified images was reviewed, so nobody knows how often a good answer's "
        "image would be flagged too: the flags explain nothing yet.",
    ]
    told = in_words(summarise(table, "case", said, flagged(said)))
    assert told[2].startswith(
        "Flagged of those reviewed: 75 % of the mistakes, 25 % of the right ones. "
        "What poor images may explain is the difference, 50 % (95 % interval over cases "
    )


def test_nothing_reviewed_and_no_mistakes_have_words_too(table):
    none = summarise(table, "image", answers(), [])
    assert none["mistakes"]["share"] is None
    assert none["without_flagged"] is None
    assert without_in_words(none) == []
    assert in_words(none)[0] == "Of 6 mistakes, 0 are flagged, 0 are kept and 6 are not reviewed."
    right = summarise(table[6:], "image", answers(), [])
    assert in_words(right) == ["The run made no mistake here: there is nothing to explain."]
    with pytest.raises(InputError, match="validation"):
        summarise(table, "image", answers(), [], "validation")


def test_all_flagged_leaves_nothing_to_measure(table):
    said = answers(*((image, "flag", "staining") for image in table["hash"]))
    assert summarise(table, "case", said, table["hash"].tolist())["without_flagged"] is None


def test_the_second_line_names_split_images_and_cases(table, said):
    line, caution = without_in_words(summarise(table, "case", said, flagged(said)))
    assert line.startswith("Minus flagged, on 8 images of 5 cases, split by case, without 4 flagged images: ")
    assert "Accuracy 0.500 → 0.625" in line
    assert "no estimate of how good the run is" in caution


def test_corrected_labels_are_a_second_line_that_says_so(table, said):
    right = {table["hash"][place]: table["predicted"][place] for place in (0, 1)}
    found = summarise(
        table, "case", said, flagged(said), corrected={**right, table["hash"][7]: table["subtype"][7]}
    )
    published = summarise(table, "case", said, flagged(said))
    assert published["with_corrected"] is None
    assert corrected_in_words(published, 0) == []
    assert {**found, "with_corrected": None} == published
    assert found["with_corrected"]["relabelled"] == sorted(right)
    assert found["with_corrected"]["metrics"]["accuracy"]["corrected"] == pytest.approx(8 / 12)
    line, caution = corrected_in_words(found, 2)
    assert line.startswith(
        "With corrected labels, on 12 images of 6 cases, split by case, 2 of them relabelled: "
    )
    assert "Accuracy 0.500 → 0.667 (" in line
    assert caution.startswith("Second line, on labels that 2 reviewers corrected; not the headline")


def test_the_sample_of_right_images_is_the_same_tomorrow(table):
    sample = base_rate_sample(table.sample(frac=1, random_state=1), [table["hash"][7]], count=3)
    assert sample == sorted(table["hash"][[6, 8, 9, 10, 11]])[:3]
