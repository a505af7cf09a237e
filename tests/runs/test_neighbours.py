from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import NearestNeighbors

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES
from breakhis_core.runs.neighbours import (
    Neighbour,
    compared,
    leakage,
    likeness,
    nearest,
    suggestion,
    train_index,
)
from breakhis_core.runs.run import Run


def table(count: int, seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "hash": [f"{number:032x}" for number in range(count)],
            "name": [f"{number}.png" for number in range(count)],
            "part": np.where(np.arange(count) % 3 == 0, "test", "train"),
            "subtype": draw.choice(CODES, count),
            "case": [f"case {number % 7}" for number in range(count)],
            "magnification": 40,
        }
    )


def test_the_nearest_are_those_that_scikit_learn_finds():
    draw = np.random.default_rng(1)
    predictions = table(90)
    embeddings = draw.random((90, 960)).astype(np.float16)
    learnt = np.flatnonzero(predictions["part"] == "train")
    reference = NearestNeighbors(n_neighbors=6, metric="cosine").fit(embeddings[learnt].astype(float))
    index = train_index(predictions, embeddings)
    for row in (0, 3, 87):
        distances, places = reference.kneighbors(embeddings[row : row + 1].astype(float))
        found = nearest(index, embeddings[row], row, 6)
        assert [one.row for one in found] == learnt[places[0]].tolist()
        np.testing.assert_allclose([one.similarity for one in found], 1 - distances[0], atol=1e-5)
        assert [one.same_case for one in found] == [one.row % 7 == row % 7 for one in found]


def test_a_training_image_is_not_its_own_neighbour():
    predictions, embeddings = table(9), np.eye(9, dtype=np.float16) + np.float16(0.5)
    found = nearest(train_index(predictions, embeddings), embeddings[1], 1, 50)
    assert sorted(one.row for one in found) == [2, 4, 5, 7, 8]


def test_the_usual_similarity_is_that_of_other_cases():
    predictions = table(4).assign(part="train", case=["a", "a", "b", "b"])
    # Rows of one case are equal, rows of two cases stand at 60 degrees.
    embeddings = np.array([[1, 0], [1, 0], [0.5, 0.75**0.5], [0.5, 0.75**0.5]])
    assert train_index(predictions, embeddings).usual == pytest.approx((0.5, 0.5), abs=1e-6)
    assert train_index(predictions.assign(case="a"), embeddings).usual is None


def test_an_empty_embedding_is_like_nothing():
    predictions, embeddings = table(6), np.ones((6, 4), np.float16)
    embeddings[0] = 0
    assert {one.similarity for one in nearest(train_index(predictions, embeddings), embeddings[0], 0)} == {
        0.0
    }


def test_embeddings_of_two_models_are_never_compared():
    folds = {"folds": {"count": 2}, "files": {}}
    with pytest.raises(InputError, match="of a cross-validation cannot be compared"):
        compared(Run("folds", Path("folds"), folds))


def test_images_of_a_cross_validation_each_train_some_fold():
    predictions, embeddings = table(6).assign(part="out_of_fold"), np.ones((6, 4), np.float16)
    assert train_index(predictions, embeddings).rows.tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(InputError, match="lists no training images"):
        train_index(predictions.assign(part="test"), embeddings)


def some(codes: str, same: int = 0, similarity: float = 0.9) -> list[Neighbour]:
    return [
        Neighbour(place, "", "", code, 40, "", place < same, similarity)
        for place, code in enumerate(codes.split())
    ]


ALIKE = "most similar training images are"


@pytest.mark.parametrize(
    ("codes", "true", "predicted", "words"),
    [
        ("DC DC LC DC DC", "DC", "LC", f"4 of the 5 {ALIKE} ductal carcinoma, as labelled."),
        ("A A A", "F", "DC", f"All 3 {ALIKE} adenosis, neither as labelled nor as predicted."),
        ("A", "A", "A", "The most similar training image is adenosis."),
        (
            "DC LC DC LC",
            "DC",
            "LC",
            "The 4 most similar training images disagree: 2 ductal carcinoma, 2 lobular carcinoma.",
        ),
        ("", "DC", "LC", "There is no training image to compare with."),
    ],
)
def test_the_suggestion_in_words(codes, true, predicted, words):
    assert suggestion(some(codes), true, predicted) == words


def test_images_of_the_same_case_are_leakage_of_a_split_by_image():
    assert leakage(some("DC DC"), "image") == ""
    assert leakage(some("DC DC LC", same=2), "image").endswith("learnt from this patient. That is leakage.")
    assert leakage(some("DC", same=1), "case") == (
        "1 of them is of this image's own case, which the model learnt from."
    )


def test_an_image_unlike_all_others_is_said_to_be():
    usual = (0.8, 0.95)
    assert likeness(some("DC", similarity=0.85), usual) == (
        "Usual for the nearest image of another case: 0.80 to 0.95."
    )
    assert likeness(some("DC", similarity=0.7), usual).startswith("None is really like it")
    assert likeness(some("DC", same=1), usual) == likeness(some("DC"), None) == ""
