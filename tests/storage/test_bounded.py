"""How much a folder takes, while another process writes and removes there."""

import os
from pathlib import Path

from breakhis_core.storage.bounded import size_of, use


def test_what_goes_while_the_size_is_taken_counts_nothing(tmp_path):
    (tmp_path / "whole").write_bytes(b"x" * 10)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "deep").write_bytes(b"x" * 5)
    (tmp_path / "going").symlink_to(tmp_path / "gone")
    assert size_of(tmp_path) == 15
    assert size_of(tmp_path / "absent") == 0


def test_half_written_files_go_when_their_writer_must_be_dead(tmp_path):
    old, new = tmp_path / "store" / "old.part", tmp_path / "store" / "new.part"
    use(old.parent, 100)
    for part in (old, new):
        part.write_bytes(b"half")
    os.utime(old, (0, 0))
    use(old.parent, 100)
    assert list(old.parent.iterdir()) == [new]


def test_neighbours_unused_for_longest_go_first(tmp_path):
    for age, name in enumerate(["newer", "older"]):
        use(tmp_path / name, 100)
        Path(tmp_path / name / "content").write_bytes(b"x" * 60)
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    use(tmp_path / "mine", 100)
    assert {folder.name for folder in tmp_path.iterdir()} == {"newer", "mine"}
