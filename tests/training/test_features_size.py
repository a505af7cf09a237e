"""How much kept outputs take, while another training writes and removes its own."""

from pathlib import Path

from breakhis_core.training import feature_store


def test_a_shard_that_goes_while_the_size_is_taken_counts_nothing(tmp_path, monkeypatch):
    (tmp_path / "whole.npz").write_bytes(b"x" * 10)
    (tmp_path / "going.part").write_bytes(b"x" * 99)
    really = Path.is_file

    def is_file(self):
        there = really(self)
        if self.name == "going.part":
            self.unlink()
        return there

    monkeypatch.setattr(Path, "is_file", is_file)
    assert feature_store._size(tmp_path) == 10
