import io
import json

import pandas as pd
import pytest

from breakhis_core.flags.issue_tables import ISSUES
from breakhis_core.flags.parsing import read_flags
from breakhis_core.reviews.terms import REASON_CODES

# As Imagelab.issues looks: the index is the path, scores and verdicts side by side.
CLEANVISION = pd.DataFrame(
    {
        "odd_size_score": [1.0, 1.0, 1.0, 0.0],
        "is_odd_size_issue": [False, False, False, True],
        "dark_score": [0.91, 0.2, 0.9, 0.9],
        "is_dark_issue": [False, True, False, False],
        "blurry_score": [0.5, 0.1234, 0.6, 0.7],
        "is_blurry_issue": [False, True, False, False],
        "exact_duplicates_score": [1.0, 1.0, 0.0, 1.0],
        "is_exact_duplicates_issue": [False, False, True, False],
    },
    index=["/data/slides/fine.png", "/data/slides/blurred.png", "C:\\slides\\twice.png", "odd.png"],
)
# As Datalab.get_issues() with image issues, and as CleanLearning.get_label_issues().
DATALAB = pd.DataFrame(
    {
        "is_label_issue": [False, True],
        "label_score": [0.98, 0.0312],
        "given_label": ["A", "DC"],
        "predicted_label": ["A", "LC"],
        "is_outlier_issue": [False, False],
        "outlier_score": [0.7, 0.6],
    }
)
CLEAN_LEARNING = pd.DataFrame(
    {
        "is_label_issue": [True, False],
        "label_quality": [0.125, 0.9],
        "given_label": [4, 1],
        "predicted_label": [5, 1],
    }
)
HASHES = ["a" * 32, "b" * 32]


def _csv(frame, **options):
    return frame.to_csv(**options).encode()


def _excel(frame):
    file = io.BytesIO()
    frame.to_excel(file)
    return file.getvalue()


def _said(plan):
    return [(row["name"], row["reason"], row["note"], row["reviewer"]) for row in plan.rows]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (_csv(CLEANVISION), "issues.csv"),
        (_csv(CLEANVISION.reset_index(), index=False), "issues.csv"),
        (_csv(CLEANVISION.rename_axis("path").reset_index(), index=False), "issues.csv"),
        (_excel(CLEANVISION), "issues.xlsx"),
        (CLEANVISION.to_json().encode(), "issues.json"),
        (CLEANVISION.to_json(orient="index").encode(), "issues.json"),
        (CLEANVISION.rename_axis("path").reset_index().to_json(orient="records").encode(), "issues.json"),
    ],
)
def test_cleanvisions_issues_are_one_flag_an_image(content, name):
    plan = read_flags(content, name)
    assert plan.errors == ()
    assert _said(plan) == [
        ("blurred.png", "out_of_focus", "cleanvision: blurry (0.123), dark (0.2)", "cleanvision"),
        ("twice.png", "duplicate", "cleanvision: exact duplicates (0)", "cleanvision"),
        ("odd.png", "other", "cleanvision: odd size (0)", "cleanvision"),
    ]


def test_cleanlabs_label_issues_are_wrong_labels_by_row_number():
    plan = read_flags(_csv(DATALAB), "datalab.csv", HASHES)
    (row,) = plan.rows
    assert (row["hash"], row["reason"], row["reviewer"]) == (HASHES[1], "wrong_label", "cleanlab")
    assert row["note"] == "cleanlab: labelled DC, more likely LC (0.0312)"
    assert row["correction"] == "LC"
    (row,) = read_flags(_csv(CLEAN_LEARNING), "labels.csv", HASHES).rows
    assert (row["hash"], row["note"]) == (HASHES[0], "cleanlab: labelled 4, more likely 5 (0.125)")
    assert row["correction"] is None  # A number: nobody says of which list.


@pytest.mark.parametrize(
    ("column", "label", "correction"),
    [
        ("predicted_label", "lobular_carcinoma", "LC"),
        ("suggested_label", "Phyllodes tumor", "PT"),
        ("predicted_label", "DC", None),
        ("predicted_label", "malignant", None),
    ],
)
def test_the_label_that_is_suggested_is_the_correction_where_it_is_another_sub_type(
    column, label, correction
):
    table = DATALAB.drop(columns="predicted_label").assign(**{column: ["A", label]})
    (row,) = read_flags(_csv(table), "datalab.csv", HASHES).rows
    assert (row["reason"], row["correction"]) == ("wrong_label", correction)


def test_cleanlabs_table_may_name_files():
    named = DATALAB.set_index(pd.Index(["one.png", "two.png"], name="file"))
    assert [row["name"] for row in read_flags(_csv(named), "datalab.csv").rows] == ["two.png"]


def test_row_numbers_need_a_run_and_must_be_in_it():
    plan = read_flags(_csv(DATALAB), "datalab.csv")
    assert plan.rows == ()
    assert "row 1 has no file name; say which run's predictions" in plan.errors[0]
    assert "beyond the 1 predictions" in read_flags(_csv(DATALAB), "datalab.csv", HASHES[:1]).errors[0]


def test_every_issue_has_a_reason_that_is_one():
    assert set(ISSUES.values()) <= set(REASON_CODES)


def test_an_issue_table_without_issues_is_empty():
    fine = CLEANVISION.iloc[:1]
    assert read_flags(_csv(fine), "issues.csv").rows == ()
    assert json.loads(fine.to_json())
    assert read_flags(fine.to_json().encode(), "issues.json").rows == ()
