"""Images alike lie near each other, the same way each time, however many they are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from breakhis_core.suspects import plane as module
from breakhis_core.suspects.plane import plane


def clusters(count: int, groups: int = 6) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.int64]]:
    """Return embeddings of well separated groups, and the group of each."""
    random = np.random.default_rng(3)
    group = np.arange(count) % groups
    centres = random.normal(size=(groups, 64))
    return (centres[group] + 0.3 * random.normal(size=(count, 64))).astype(np.float16), group


def nearest_in(places: np.ndarray) -> npt.NDArray[np.intp]:
    """Return which other point is nearest to each."""
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return np.asarray(apart.argmin(axis=1))


def test_images_of_a_cluster_lie_together() -> None:
    embeddings, group = clusters(240)
    places = plane(embeddings)
    assert places.shape == (240, 2)
    assert places.dtype == np.float32
    assert np.abs(places).max() == pytest.approx(1)
    assert (group[nearest_in(places)] == group).mean() > 0.98


def test_neighbours_are_kept_better_than_by_principal_components() -> None:
    random = np.random.default_rng(0)
    # A curved sheet in many dimensions: two numbers tell where an image lies, no flat view does.
    height, angle = random.uniform(0, 1, 500), random.uniform(0, 9, 500)
    sheet = np.stack([angle * np.cos(angle), angle * np.sin(angle), 9 * height, np.full(500, 12)], axis=1)
    embeddings = sheet @ random.normal(size=(4, 40))
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    among = np.linalg.norm(unit[:, None] - unit[None], axis=2).argsort(axis=1)[:, 1:11]
    flat = np.linalg.svd(unit - unit.mean(axis=0), full_matrices=False)
    by_components = nearest_in((flat[0] * flat[1])[:, :2])
    kept, usual = (
        np.mean([one in row for one, row in zip(near, among, strict=True)])
        for near in (nearest_in(plane(embeddings)), by_components)
    )
    assert kept > 0.9
    assert kept > usual


def test_it_is_the_same_each_time() -> None:
    embeddings, _ = clusters(90)
    np.testing.assert_array_equal(plane(embeddings), plane(embeddings))


def test_images_beyond_the_landmarks_go_among_those_that_they_are_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "TOGETHER", 200)
    monkeypatch.setattr(module, "LANDMARKS", 100)
    embeddings, group = clusters(365)
    places = plane(embeddings)
    assert (group[nearest_in(places)] == group).mean() > 0.98


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 17])
def test_few_images_have_places_too(count: int) -> None:
    places = plane(clusters(max(count, 6))[0][:count])
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()


def test_equal_images_have_finite_places() -> None:
    assert np.isfinite(plane(np.ones((60, 8), np.float16))).all()
    assert np.isfinite(plane(np.arange(9.0)[:, None])).all()


def test_what_is_no_table_of_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        plane(np.zeros(5))
    with pytest.raises(ValueError, match="finite"):
        plane(np.full((5, 3), np.nan))
