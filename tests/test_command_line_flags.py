import csv
import json

import pytest

from breakhis_core.reviews import excluded_hashes, flag, flagged
from breakhis_core.standings import FLAG_COLUMNS
from tests.test_command_line import call


@pytest.fixture
def flags(workspace, fake_run):
    """Two images flagged on the fake run, one note with what attacks a spreadsheet; their rows."""
    rows = fake_run.predictions().iloc[:2]
    for row, (reason, note) in zip(rows.itertuples(), [("staining", ""), ("other", "=1+1")], strict=True):
        facts = {"run": "fake", "predicted": row.predicted, "confidence": row.confidence}
        flag(workspace, "Ada", row.hash, reason, note, **facts)
    return rows


def test_csv_has_a_row_and_every_column_per_flag(flags, tmp_path):
    told = call("flags", "export", tmp_path / "flags.csv", "--json")
    assert json.loads(told.stdout) == {"file": str(tmp_path / "flags.csv"), "flags": 2, "images": 2}
    with (tmp_path / "flags.csv").open(newline="", encoding="utf-8") as stream:
        rows = {row["hash"]: row for row in csv.DictReader(stream)}
    assert set(rows) == set(flags["hash"])
    row = rows[flags["hash"][1]]
    assert tuple(row) == FLAG_COLUMNS
    assert (row["name"], row["subtype"]) == (flags["name"][1], flags["subtype"][1])
    assert row["note"] == "'=1+1"


@pytest.mark.parametrize("name", ["flags.csv", "flags.json"])
def test_what_was_exported_comes_back_in_another_workspace(flags, workspace, name, tmp_path, monkeypatch):
    call("flags", "export", tmp_path / name)
    monkeypatch.setenv("BREAKHIS_WORKSPACE", str(tmp_path / "another workspace"))
    call("catalogue", tmp_path / "pictures")
    told = call("flags", "import", tmp_path / name, "--json")
    assert json.loads(told.stdout)["imported"] == 2
    call("flags", "export", tmp_path / f"again-{name}")
    assert (tmp_path / f"again-{name}").read_bytes() == (tmp_path / name).read_bytes()


def test_importing_twice_doubles_nothing(flags, workspace, tmp_path):
    call("flags", "export", tmp_path / "flags.csv")
    told = json.loads(call("flags", "import", tmp_path / "flags.csv", "--json").stdout)
    assert (told["imported"], told["known"], told["errors"]) == (0, 2, [])
    assert len(flagged(workspace)) == 2


def test_a_dry_run_writes_nothing(workspace, pictures, tmp_path):
    (tmp_path / "flags.csv").write_text(f"name,reason\n{pictures['name'][0]},staining\n")
    told = call("flags", "import", tmp_path / "flags.csv", "--dry-run")
    assert told.exit_code == 0
    assert told.stdout == f"{tmp_path}/flags.csv: 1 flag to import, 0 here already.\n"
    assert len(flagged(workspace)) == 0


def test_a_bad_row_gets_its_sentence_and_the_others_go_on(workspace, pictures, tmp_path):
    name = pictures["name"][0]
    (tmp_path / "flags.csv").write_text(f"name,reason\n{name},staining\nnobody.png,staining\n{name},ugly\n")
    told = call("flags", "import", tmp_path / "flags.csv", "--json")
    result = json.loads(told.stdout)
    assert told.exit_code == 1
    assert result["imported"] == 1
    assert len(result["errors"]) == 2
    assert "nobody.png" in " ".join(result["errors"])
    assert list(excluded_hashes(workspace)) == [pictures["hash"][0]]


def test_another_ending_is_refused(workspace, tmp_path):
    told = call("flags", "export", tmp_path / "flags.xlsx")
    assert told.exit_code == 1
    assert told.stderr.endswith("flags.xlsx: give a file name that ends in .csv or .json.\n")


def test_a_missing_file_is_bad_input(workspace):
    told = call("flags", "import", "gone.csv")
    assert told.exit_code == 1
    assert told.stderr.startswith("gone.csv: the file cannot be read")
