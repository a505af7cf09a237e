"""A selection of images stands in an address, however many they are."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from pages.parts.shared import selections

HASHES = pd.Series([hashlib.sha256(bytes([one % 256, one // 256])).hexdigest()[:32] for one in range(900)])


def test_a_few_stand_in_the_address_itself(tmp_path: Path) -> None:
    said = selections.in_address(HASHES[:3].tolist(), tmp_path)
    assert said.count(".") == 2
    assert HASHES[selections.among(HASHES, said, tmp_path)].tolist() == HASHES[:3].tolist()
    assert not any(tmp_path.iterdir())


def test_many_are_kept_under_a_name_that_is_the_same_in_any_order(tmp_path: Path) -> None:
    said = selections.in_address(HASHES.tolist(), tmp_path)
    assert len(said) < 30
    assert selections.in_address(HASHES[::-1].tolist(), tmp_path) == said
    assert selections.among(HASHES, said, tmp_path).all()
    one = selections.in_address(HASHES[100:].tolist(), tmp_path)
    assert selections.among(HASHES, one, tmp_path).sum() == 800


def test_a_selection_that_is_not_kept_here_chooses_nothing(tmp_path: Path) -> None:
    assert not selections.among(HASHES, "kept-0123456789abcdef0123", tmp_path).any()
    assert not selections.among(HASHES, "kept-../../secret", tmp_path).any()
    assert not selections.among(HASHES, "", tmp_path).any()


def test_no_image_is_no_selection(tmp_path: Path) -> None:
    assert selections.in_address([], tmp_path) == ""
