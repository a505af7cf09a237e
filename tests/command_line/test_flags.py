import csv
import json

import pytest

from breakhis_core.flags.listing import listed
from breakhis_core.flags.statements import STATEMENT_COLUMNS
from breakhis_core.reviews import corrected_labels, excluded_hashes, flag, keep
from tests.command_line.test_all_commands import call


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
    wanted = {"file": str(tmp_path / "flags.csv"), "format": "csv", "of": "all data sets"}
    wanted |= {"flags": 2, "images": 2, "keeps": 0, "settled": 0}
    wanted |= {"disclaimer": "Research tool, not a medical device."}
    assert json.loads(told.stdout) == wanted
    with (tmp_path / "flags.csv").open(newline="", encoding="utf-8") as stream:
        rows = {row["hash"]: row for row in csv.DictReader(stream)}
    assert set(rows) == set(flags["hash"])
    row = rows[flags["hash"][1]]
    assert tuple(row) == STATEMENT_COLUMNS
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
    again, first = ((tmp_path / file).read_text("utf-8") for file in (f"again-{name}", name))
    if name == "flags.json":
        again, first = (json.loads(text)["flags"] for text in (again, first))
    assert again == first


def test_importing_twice_doubles_nothing(flags, workspace, tmp_path):
    call("flags", "export", tmp_path / "flags.csv")
    told = json.loads(call("flags", "import", tmp_path / "flags.csv", "--json").stdout)
    assert (told["imported"], told["known"], told["errors"]) == (0, 2, [])
    assert len(listed(workspace)) == 2


def test_a_dry_run_writes_nothing(workspace, pictures, tmp_path):
    (tmp_path / "flags.csv").write_text(f"name,reason\n{pictures['name'][0]},staining\n")
    told = call("flags", "import", tmp_path / "flags.csv", "--dry-run")
    assert told.exit_code == 0
    assert told.stdout == (
        f"{tmp_path}/flags.csv: 1 new flag to import, 0 here already.\nby reason: staining 1\n"
        "in the name of: import 1\n"
    )
    assert len(listed(workspace)) == 0


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
    told = call("flags", "export", tmp_path / "flags.pdf")
    assert told.exit_code == 1
    assert ".csv, .xlsx, .json, .coco.json, .zip, .html" in told.stderr


def test_a_missing_file_is_bad_input(workspace):
    told = call("flags", "import", "gone.csv")
    assert told.exit_code == 1
    assert told.stderr.startswith("gone.csv: the file cannot be read")


@pytest.mark.parametrize("name", ["f.csv", "f.json", "f.xlsx", "f.zip"])
def test_every_lossless_export_reads_back_as_known(flags, workspace, name, tmp_path):
    assert call("flags", "export", tmp_path / name).exit_code == 0
    told = json.loads(call("flags", "import", tmp_path / name, "--json", "--dry-run").stdout)
    assert (told["new"], told["known"], told["errors"]) == (0, 2, [])


def test_the_format_may_be_named_and_a_report_is_a_page(flags, tmp_path):
    told = json.loads(call("flags", "export", tmp_path / "list", "--format", "report", "--json").stdout)
    assert told["format"] == "report"
    page = (tmp_path / "list").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")
    assert call("flags", "export", tmp_path / "list", "--format", "pdf").exit_code == 1
    assert sorted(path.name for path in tmp_path.glob("*list*")) == ["list"]


def test_the_workspaces_rule_says_what_is_exported(flags, workspace, tmp_path):
    keep(workspace, "Bob", flags["hash"].iloc[0])
    assert call("flags", "policy", "majority", "--reviewer", "Eve").exit_code == 0
    told = json.loads(call("flags", "export", tmp_path / "f.csv", "--json").stdout)
    assert told["images"] == 1
    told = json.loads(call("flags", "export", tmp_path / "f.csv", "--policy", "every", "--json").stdout)
    assert told["images"] == 2
    assert call("flags", "export", tmp_path / "f.csv", "--policy", "most").exit_code == 1


def test_the_policy_says_what_each_would_exclude(flags, workspace, fake_run):
    keep(workspace, "Bob", flags["hash"].iloc[0])
    told = json.loads(call("flags", "policy", "--run", "fake", "--json").stdout)
    assert (told["policy"], told["by"]) == ("any", None)
    assert [told["excludes"][one]["images"] for one in ("any", "majority", "settled")] == [2, 1, 0]
    parts = fake_run.split().set_index("hash")["part"][flags["hash"]].value_counts().to_dict()
    none = {"train": 0, "validation": 0, "test": 0, "already": 0}
    assert told["excludes"]["any"] == {"images": 2, **none, **parts}


def test_agreement_is_measured_and_tools_are_left_out(flags, workspace):
    empty = json.loads(call("flags", "agreement", "--json").stdout)
    assert (empty["krippendorff_alpha"], empty["cohen_kappa"]) == (None, [])
    keep(workspace, "Bob", flags["hash"].iloc[0])
    flag(workspace, "Bob", flags["hash"].iloc[1], "staining")
    flag(workspace, "cleanvision", flags["hash"].iloc[1], "staining")
    told = json.loads(call("flags", "agreement", "--json").stdout)
    (pair,) = told["cohen_kappa"]
    assert (pair["reviewers"], pair["images"], pair["observed"]) == (["Ada", "Bob"], 2, 0.5)
    assert told["disagreeing"] == [flags["hash"].iloc[0]]
    told = json.loads(call("flags", "agreement", "--reason", "--json").stdout)
    assert len(told["disagreeing"]) == 2
    assert "Cohen's kappa, Ada and Bob" in call("flags", "agreement").stdout


def test_images_are_settled_by_name_and_unknown_ones_are_named(flags, workspace):
    name = flags["name"].iloc[0]
    told = call("flags", "settle", name, "gone.png", "--include", "--reviewer", "Eve", "--json")
    assert told.exit_code == 1
    answer = json.loads(told.stdout)
    assert answer["settled"] == [flags["hash"].iloc[0]]
    assert answer["errors"] == ["gone.png is not in this workspace; catalogue its folder first."]
    assert list(excluded_hashes(workspace)) == [flags["hash"].iloc[1]]
    assert call("flags", "settle", name, "--exclude").exit_code == 1  # The reason "other" needs a note.
    assert call("flags", "settle", name).exit_code == 2


def test_a_steward_says_which_sub_type_is_right(flags, workspace, tmp_path):
    name, image = flags["name"].iloc[0], flags["hash"].iloc[0]
    told = call("flags", "settle", name, "--exclude", "--correction", "PC")
    assert told.stdout == "1 image settled to leave the training; its right sub-type is PC.\n"
    assert corrected_labels(workspace) == {image: "PC"}
    wrong = call("flags", "settle", name, "--exclude", "--correction", "XX")
    assert (wrong.exit_code, wrong.stderr[:26]) == (1, "'XX' is no sub-type; the s")
    for options in (("--include",), ("--exclude", "--reason", "staining")):
        assert call("flags", "settle", name, *options, "--correction", "PC").exit_code == 1
    assert corrected_labels(workspace) == {image: "PC"}


def test_corrections_are_counted_as_they_come_in(workspace, pictures, tmp_path):
    one, two = pictures["name"][:2]
    (tmp_path / "flags.csv").write_text(
        f"name,correction,reviewer\n{one},PC,Ada\n{one},DC,Bob\n{two},PC,Ada\n"
    )
    told = call("flags", "import", tmp_path / "flags.csv")
    assert "by reason: wrong_label 3\nright sub-type: PC 2, DC 1\n" in told.stdout
    told = json.loads(call("flags", "agreement", "--json").stdout)
    assert (told["disagreeing"], told["correction"]["observed"]) == ([pictures["hash"][0]], 0.0)
    assert call("flags", "agreement").stdout.rstrip().endswith("named the same in 0 %, on 1 image.")


def test_issue_tables_are_read_by_rows_of_a_run(workspace, fake_run, tmp_path):
    (tmp_path / "labels.csv").write_text(",is_label_issue,label_quality\n0,False,0.9\n1,True,0.1\n")
    assert call("flags", "import", tmp_path / "labels.csv").exit_code == 1
    told = json.loads(call("flags", "import", tmp_path / "labels.csv", "--run", "fake", "--json").stdout)
    assert (told["imported"], told["reasons"]) == (1, {"wrong_label": 1})
    assert told["reviewers"] == {"cleanlab": 1}
    assert list(excluded_hashes(workspace)) == [fake_run.predictions()["hash"][1]]


@pytest.mark.parametrize("command", [("policy",), ("agreement",), ("export", "flags.csv")])
def test_for_machines_a_run_is_named_with_what_its_numbers_rest_on(command, flags, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = json.loads(call("flags", *command, "--run", "fake", "--json").stdout)
    assert told["run"] == "fake"
    assert "split by" in told["rests_on"]
    assert told["disclaimer"] == "Research tool, not a medical device."
    assert "run" not in json.loads(call("flags", *command, "--json").stdout)
