import csv
import io
import json
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakhis_core import reviews
from breakhis_core.errors import InputError
from breakhis_core.flags import listing
from breakhis_core.flags.csv_json import export_csv, export_json
from breakhis_core.flags.excel import export_excel
from breakhis_core.flags.formats import FORMATS
from breakhis_core.flags.importing import apply_import, check_import, matched_hashes
from breakhis_core.flags.parsing import LARGEST_FILE, read_flags
from breakhis_core.flags.rows import FLAG_FIELDS
from breakhis_core.flags.statements import OUTCOMES, STATEMENT_COLUMNS, statements
from breakhis_core.images.taxonomy import CODES
from breakhis_core.storage.spreadsheets import plain_cell, safe_cell
from breakhis_core.storage.typed_text import LONGEST_NOTE, clean_note, clean_reviewer

# Text that a reviewer can have typed, with what spreadsheets and parsers stumble over made likely.
TEXT = st.text(st.one_of(st.sampled_from("=+-@'\"\t\r\n,;＝"), st.characters()), max_size=30)  # noqa: RUF001
NAME = st.one_of(st.just("Ada"), TEXT.filter(lambda text: clean_note(text).strip()))
TIME = st.datetimes(max_value=pd.Timestamp("2024-01-01").to_pydatetime()).map(
    lambda moment: moment.isoformat(timespec="milliseconds") + "Z"
)
REASON = st.sampled_from([code for code in reviews.REASON_CODES if code != "other"])
STATEMENT = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["SOB_B_A-14-22549AB-100-001.png", "=1+1.png", "-a, b.png"]),
        "hash": st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}"),
        "action": st.sampled_from(["flag", "keep", "exclude", "include"]),
        "reason": REASON,
        "correction": st.sampled_from([*CODES, ""]),
        "note": TEXT.map(clean_note),
        "reviewer": NAME,
        "time": TIME,
        "outcome": st.sampled_from(list(OUTCOMES)),
        "rule": st.sampled_from(list(reviews.POLICIES)),
        "settled": st.sampled_from(["leaves", "stays", ""]),
        "settled_reason": REASON,
        "settled_correction": st.sampled_from([*CODES, ""]),
        "settled_note": TEXT.map(clean_note),
        "settled_by": NAME,
        "settled_at": TIME,
        "subtype": st.sampled_from([*CODES, ""]),
        "predicted": st.sampled_from([*CODES, ""]),
        "confidence": st.one_of(st.none(), st.floats(0, 1)),
        "run": st.sampled_from(["demo", "@run", ""]),
        "shown": st.sampled_from(["gradcam DC 70 %", "=1", ""]),
        "seconds": st.one_of(st.none(), st.floats(0, 1e5)),
        "magnification": st.sampled_from([40, 100, 200, 400, None]),
        "slide": st.sampled_from(["14-22549AB", ""]),
        "case": st.sampled_from(["14-22549", ""]),
        "part": st.sampled_from(["train", "test", ""]),
        "part_in": st.sampled_from(["demo", ""]),
        "dataset": st.sampled_from(["phantoms", "@data", ""]),
    }
).map(lambda row: _as_it_can_be(row))


def _as_it_can_be(row):
    """Leave out corrections of what is not said to have a wrong label."""
    said = row["action"] in ("flag", "exclude") and row["reason"] == "wrong_label"
    settled = row["settled"] == "leaves" and row["settled_reason"] == "wrong_label"
    return {
        **row,
        "correction": row["correction"] if said else "",
        "settled_correction": row["settled_correction"] if settled else "",
    }


def _frame(rows):
    frame = pd.DataFrame(rows, columns=list(STATEMENT_COLUMNS))
    return frame.astype({"magnification": "Int64", "confidence": "float64", "seconds": "float64"})


@given(text=st.text())
def test_a_safe_cell_gives_its_text_back_and_begins_no_formula(text):
    cell = safe_cell(text)
    assert plain_cell(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@settings(deadline=None)
@given(rows=st.lists(STATEMENT, max_size=5), export=st.sampled_from([export_csv, export_json, export_excel]))
def test_the_round_trip_loses_nothing(rows, export):
    rows = [row for row in rows if _has_names(row)]
    plan = read_flags(export(_frame(rows)), "flags.json" if export is export_json else "flags.csv")
    assert plan.errors == ()
    assert list(plan.rows) == [_answer(row) for row in rows if row["action"] == "flag"]
    assert list(plan.keeps) == [{**_answer(row), "reason": None} for row in rows if row["action"] == "keep"]
    decisions = [decision for row in rows for decision in _decisions(row)]
    assert list(plan.settlements) == [one for i, one in enumerate(decisions) if one not in decisions[:i]]


def _answer(row):
    return {field: row[field] if field == "note" or row[field] != "" else None for field in FLAG_FIELDS}


def _decisions(row):
    about = {"name": row["name"], "hash": row["hash"]}
    if row["action"] in ("exclude", "include"):
        out, fields = row["action"] == "exclude", ("reason", "note", "reviewer", "time", "correction")
    elif row["settled"]:
        out = row["settled"] == "leaves"
        fields = ("settled_reason", "settled_note", "settled_by", "settled_at", "settled_correction")
    else:
        return
    names = ("reason", "note", "steward", "time", "correction")
    said = dict(zip(names, (row[field] for field in fields), strict=True))
    said["correction"] = said["correction"] or None
    yield {**about, "excluded": out, **said, "reason": said["reason"] if out else None}


def _has_names(row):
    try:
        row["reviewer"], row["settled_by"] = (clean_reviewer(row[who]) for who in ("reviewer", "settled_by"))
    except InputError:
        return False
    return True


@given(rows=st.lists(STATEMENT, min_size=1, max_size=3))
def test_no_exported_cell_is_a_formula(rows):
    rows = [row for row in rows if _has_names(row)]
    table = list(csv.reader(io.StringIO(export_csv(_frame(rows)).decode(), newline="")))
    assert tuple(table[0]) == STATEMENT_COLUMNS
    assert not any(cell[:1] in set("=+-@\t\r") for row in table for cell in row if cell)


LOSSLESS = [(export_csv, "f.csv"), (export_json, "f.json"), (export_excel, "f.xlsx")]


@pytest.fixture
def flags(any_workspace, request):
    from tests.conftest import paint_pictures

    images = paint_pictures(any_workspace.root / "pictures", per_slide=1)
    from breakhis_core.images import datasets
    from breakhis_core.images.catalogue import Catalogue

    datasets.save_catalogue(
        any_workspace,
        Catalogue(
            any_workspace.root / "pictures", images, pd.DataFrame(columns=["path", "kind", "reason"]), True
        ),
    )
    hashes = images["hash"].tolist()
    reviews.flag(any_workspace, "ada", hashes[0], "staining", "=HYPERLINK(1)", run="demo", predicted="DC",
                 confidence=0.123456789012345678, seconds=2.0)  # fmt: skip
    reviews.flag(any_workspace, "ada", hashes[1], "other", "'quoted', “note”\r\nsecond line")
    reviews.flag(any_workspace, "bob", hashes[0], "artefact")
    reviews.keep(any_workspace, "bob", hashes[2], note="fine", seconds=3.5, shown="gradcam DC", run="demo")
    reviews.settle(any_workspace, "eve", hashes[0], exclude=False, note="-good enough")
    reviews.settle(any_workspace, "eve", hashes[2], exclude=True, reason="duplicate")
    reviews.settle(any_workspace, "Zoe", hashes[7], exclude=True, reason="other", note="of a cyst")
    reviews.settle(any_workspace, "Zoe", hashes[8], exclude=False)
    return images


@pytest.fixture
def corrected(any_workspace, flags):
    """Return the right sub-type of two of these images, one by a reviewer and one by a steward."""
    one, two = flags["hash"][4], flags["hash"][5]
    reviews.flag(any_workspace, "bob", one, "wrong_label", run="demo", predicted="LC")
    reviews.correct(any_workspace, "bob", one, "PC")
    reviews.settle(any_workspace, "eve", two, exclude=True, reason="wrong_label", correction="TA")
    reviews.flag(any_workspace, "ada", two, "wrong_label", correction="DC")
    return {one: "PC", two: "TA"}


def _other(workspace, images, folder):
    """Return another workspace with the same images."""
    from breakhis_core.images import datasets
    from breakhis_core.images.catalogue import Catalogue
    from breakhis_core.settings import Settings
    from breakhis_core.workspace import Workspace

    other = Workspace.open(
        Settings(workspace=folder / "other", models=folder / "m", data=None, database_url=None)
    )
    problems = pd.DataFrame(columns=["path", "kind", "reason"])
    datasets.save_catalogue(other, Catalogue(workspace.root / "pictures", images, problems, True))
    return other


@pytest.mark.parametrize(
    ("export", "name"), [(export_csv, "f.csv"), (export_json, "f.json"), (export_excel, "f.xlsx")]
)
def test_importing_ones_own_export_changes_nothing(any_workspace, flags, export, name):
    before = reviews.version(any_workspace)
    content = export(statements(any_workspace))
    for _ in range(2):
        done = apply_import(any_workspace, read_flags(content, name))
        assert (done.new, done.keeps, done.settlements, done.refused) == ((), (), (), ())
        assert len(done.known) == 8
    assert reviews.version(any_workspace) == before


@pytest.mark.parametrize(
    ("export", "name"), [(export_csv, "f.csv"), (export_json, "f.json"), (export_excel, "f.xlsx")]
)
def test_flags_move_to_another_workspace_as_they_are(any_workspace, flags, tmp_path, export, name):
    other = _other(any_workspace, flags, tmp_path)
    content = export(statements(any_workspace))
    plan = read_flags(content, name)
    check = check_import(other, plan)
    assert (len(check.new), len(check.keeps), len(check.settlements), check.known) == (3, 1, 4, ())
    assert reviews.version(other) == 0
    assert apply_import(other, plan, "eve") == check
    assert _standing(other) == _standing(any_workspace)
    settled = [reviews.settlements(one).drop(columns="id") for one in (other, any_workspace)]
    pd.testing.assert_frame_equal(*(one.sort_values("hash", ignore_index=True) for one in settled))
    again = statements(other).drop(columns=["dataset"])
    pd.testing.assert_frame_equal(again, statements(any_workspace).drop(columns=["dataset"]))
    event = reviews.answers_on(other, flags["hash"][1])[0]
    assert event.source == f"{name}, imported by eve"
    assert not apply_import(other, plan, "eve").is_new
    # What was imported is nobody's gesture here: undo passes over it.
    assert [reviews.undo(other, who) for who in ("ada", "bob", "eve", "Zoe")] == [None] * 4
    other.close()


def _standing(workspace):
    events = [
        event
        for image in statements(workspace)["hash"].unique()
        for event in reviews.answers_on(workspace, image)
    ]
    return sorted((replace(event, id=0, source=None, batch=None) for event in events), key=repr)


def test_the_later_decision_stands_whichever_was_imported(any_workspace, flags):
    image = flags["hash"][0]
    old = f"hash,action,reason,reviewer,time\n{image},exclude,duplicate,Zoe,2020-05-01T10:00:00Z\n".encode()
    apply_import(any_workspace, read_flags(old))
    assert reviews.settlement_on(any_workspace, image).reviewer == "eve"
    assert list(reviews.history(any_workspace, image)["action"])[-1] == "exclude"
    reviews.undo(any_workspace, "eve")
    reviews.undo(any_workspace, "eve")
    assert reviews.settlement_on(any_workspace, image).reason == "duplicate"


def test_what_a_steward_lets_stay_is_not_among_the_images_that_a_file_leaves_out(any_workspace, flags):
    plan = read_flags(export_csv(statements(any_workspace)))
    hashes, refused = matched_hashes(any_workspace, plan)
    assert (hashes, refused) == (tuple(sorted(flags["hash"][[1, 2, 7]])), ())


OLD = ("name", "hash", "subtype", "slide", "magnification", "reason", "note", "reviewer", "time", "run",
       "predicted", "confidence")  # fmt: skip


@pytest.mark.parametrize("name", ["f.csv", "f.json"])
def test_a_file_of_before_keeps_and_settlements_were_written_is_read(any_workspace, flags, name):
    table = listing.listed(any_workspace).loc[:, list(OLD)]
    table = table.astype(object).where(table.notna() & (table != ""), None)
    if name == "f.csv":
        cells = table.map(lambda value: safe_cell(value) if isinstance(value, str) else value)
        content = cells.to_csv(index=False).encode()
    else:
        content = json.dumps(table.to_dict("records")).encode()
    plan = read_flags(content, name)
    assert (len(plan.rows), plan.keeps, plan.settlements, plan.errors) == (5, (), (), ())
    assert len(check_import(any_workspace, plan).known) == 5


@pytest.mark.parametrize("code", [one.code for one in FORMATS if one.lossless])
def test_corrections_move_to_another_workspace_in_every_format_that_keeps_everything(
    any_workspace, flags, corrected, tmp_path, code
):
    how = next(one for one in FORMATS if one.code == code)
    content = b"".join(how.write(any_workspace, statements(any_workspace), None))
    other = _other(any_workspace, flags, tmp_path)
    for is_new in (True, False):
        done = apply_import(other, read_flags(content, f"f{how.ending}"), "eve")
        assert (done.is_new, done.refused) == (is_new, ())
    assert reviews.corrected_labels(other) == reviews.corrected_labels(any_workspace) == corrected
    assert _standing(other) == _standing(any_workspace)
    again = statements(other).drop(columns=["dataset"])
    pd.testing.assert_frame_equal(again, statements(any_workspace).drop(columns=["dataset"]))
    assert not apply_import(any_workspace, read_flags(content, f"f{how.ending}")).is_new
    other.close()


def test_a_file_without_corrections_takes_none_away(any_workspace, flags, corrected):
    said = statements(any_workspace)
    table = said.drop(columns=["correction", "settled_correction"])
    assert not apply_import(any_workspace, read_flags(table.to_csv(index=False).encode())).is_new
    assert reviews.corrected_labels(any_workspace) == corrected


def test_a_right_sub_type_alone_says_that_the_label_is_wrong(any_workspace, flags):
    plan = read_flags(f"name,correction\n{flags['name'][5]},LC\n".encode(), "list.csv", reason="staining")
    assert plan.unreasoned == 0
    apply_import(any_workspace, plan, "eve")
    (event,) = reviews.answers_on(any_workspace, flags["hash"][5])
    assert (event.reason, event.correction) == ("wrong_label", "LC")


def test_a_correction_that_is_new_is_brought_in(any_workspace, flags):
    reviews.flag(any_workspace, "ada", flags["hash"][6], "wrong_label")
    table = statements(any_workspace)
    table.loc[table["hash"] == flags["hash"][6], "correction"] = "MC"
    done = apply_import(any_workspace, read_flags(export_csv(table)))
    assert [row["correction"] for row in done.new] == ["MC"]
    assert [event.correction for event in reviews.answers_on(any_workspace, flags["hash"][6])] == ["MC"]


def test_a_plain_list_takes_the_reason_that_is_asked_for(any_workspace, flags):
    plan = read_flags(f"{flags['name'][5]}\n".encode(), "poor.txt", reason="staining")
    assert plan.unreasoned == 1
    apply_import(any_workspace, plan, "eve")
    (event,) = reviews.answers_on(any_workspace, flags["hash"][5])
    assert (event.reason, event.note) == ("staining", "")
    with pytest.raises(InputError, match="'ugly' is no reason"):
        read_flags(b"a.png\n", "poor.txt", reason="ugly")


@pytest.mark.parametrize("content", ["", " \n", "[]", "name,hash\n"])
def test_a_file_that_says_nothing_is_known_as_empty(content):
    assert read_flags(content.encode(), "f.csv").is_empty
    assert not read_flags(b"a.png", "f.csv").is_empty


def test_an_imported_flag_does_not_override_what_was_said_later(any_workspace, flags):
    image = flags["hash"][3]
    old = f"hash,reason,reviewer,time\n{image},staining,zoe,2020-05-01T10:00:00+02:00\n".encode()
    reviews.keep(any_workspace, "zoe", image)
    apply_import(any_workspace, read_flags(old))
    assert [event.action for event in reviews.answers_on(any_workspace, image)] == ["keep"]
    assert list(reviews.history(any_workspace, image)["at"])[1] == "2020-05-01T08:00:00.000Z"
    # Once the later answer is taken back, the imported one is what this reviewer said.
    reviews.undo(any_workspace, "zoe")
    assert [event.reason for event in reviews.answers_on(any_workspace, image)] == ["staining"]
    assert reviews.undo(any_workspace, "zoe") is None


def test_rows_are_matched_by_hash_then_by_name_and_unknown_ones_are_listed(any_workspace, flags):
    name = flags["name"][4]
    table = (
        "name,hash,reason\n"
        f"renamed.png,{flags['hash'][3]},staining\n"
        f"C:\\pictures\\{name},,Out of focus\n"
        f"{name},{'0' * 32},staining\n"
        "nowhere.png,,staining\n"
    )
    check = check_import(any_workspace, read_flags(table.encode(), "list.csv"), "eve")
    assert [row["hash"] for row in check.new] == [flags["hash"][3], flags["hash"][4], flags["hash"][4]]
    assert [row["name"] for row in check.new] == [flags["name"][3], name, name]
    assert {row["reviewer"] for row in check.new} == {"eve"}
    assert check.refused == ("list.csv: nowhere.png is not in this workspace; catalogue its folder first.",)
    hashes, refused = matched_hashes(any_workspace, read_flags(table.encode(), "list.csv"))
    assert hashes == tuple(sorted(flags["hash"][[3, 4]]))
    assert len(refused) == 1


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_plain_list_of_names_is_taken_and_taken_once(any_workspace, flags, newline):
    text = newline.join([f"breast/{flags['name'][5]}", "", flags["hash"][6], flags["name"][5]])
    for news in (2, 0):
        done = apply_import(any_workspace, read_flags(text.encode(), "poor.txt"), "eve")
        assert (len(done.new), done.refused) == (news, ())
    (event,) = reviews.answers_on(any_workspace, flags["hash"][5])
    assert (event.reviewer, event.reason, event.note) == ("eve", "other", "listed in poor.txt")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("a.png,,blurry,,,,", "the reason 'blurry' is none of"),
        (",,staining,,,,", "neither a hash nor a name"),
        ("a.png,,staining,,31.05.2024,,", "is not ISO 8601"),
        ("a.png,,staining,,2999-01-01,,", "lies in the future"),
        ("a.png,,staining,,,XX,", "predicted sub-type 'XX'"),
        ("a.png,,staining,,,,nan", "confidence 'nan'"),
        ("a.png,,wrong_label,,,,,XX", "'XX' is no sub-type; the sub-types are A, F"),
        ("a.png,,staining,,,,,DC", "goes with the reason wrong_label only"),
        (f"a.png,,staining,{'x' * 2001},,,", f"longer than {LONGEST_NOTE}"),
    ],
)
def test_a_bad_row_gets_its_sentence_and_the_others_go_on(row, sentence):
    table = f"name,hash,reason,note,time,predicted,confidence,correction\n{row}\nb.png,,staining,,,DC,0.5\n"
    plan = read_flags(table.encode(), "list.csv")
    assert [one["name"] for one in plan.rows] == ["b.png"]
    assert len(plan.errors) == 1
    assert plan.errors[0].startswith("list.csv, row 1: ")
    assert sentence in plan.errors[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_save_is_read(encoding, delimiter):
    text = delimiter.join(["Name", "Reason", "Note"]) + "\r\n" + delimiter.join(["a.png", "staining", "é"])
    (row,) = read_flags(text.encode(encoding), "list.csv").rows
    assert (row["name"], row["reason"], row["note"]) == ("a.png", "staining", "é")


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0", "a.csv", "not a text file"),
        (b"{", "a.json", "not JSON"),
        (b'{"a": 1}', "a.json", "not a list of flags"),
        (b"[" * 100_000, "a.json", "not JSON"),
        (b"x" * (LARGEST_FILE + 1), "a.csv", "never larger"),
        (b'name\n"' + b"x" * 200_000 + b'"\n', "a.csv", "not a CSV"),
    ],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(content, name, sentence):
    with pytest.raises(InputError, match=sentence):
        read_flags(content, name)


@pytest.mark.parametrize("name", ["flags.json", "flags.txt", "flags.csv", "flags"])
def test_json_is_known_by_its_beginning_under_any_name(any_workspace, flags, name):
    content = export_json(statements(any_workspace))
    for before in (b"", b"\xef\xbb\xbf", b"\n  "):
        assert {row["hash"] for row in read_flags(before + content, name).rows} == set(flags["hash"][:2])


def test_a_name_in_brackets_is_a_name():
    assert [row["name"] for row in read_flags(b"[old] 1.png\n[2].png\n", "list.txt").rows] == [
        "[old] 1.png",
        "[2].png",
    ]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone.csv: the file cannot be read"):
        read_flags(tmp_path / "gone.csv")


@pytest.mark.parametrize(("content", "name"), [(b"", "a.csv"), (b"[]", "a.json"), (b"name,hash\n", "a.csv")])
def test_an_empty_list_is_no_error(content, name):
    assert read_flags(content, name).rows == ()


def test_json_is_plain_objects_with_nulls(any_workspace, flags):
    content = json.loads(export_json(statements(any_workspace), {"Rule": "any"}))
    records = content["flags"]
    assert content["about"] == {"Rule": "any"}
    assert [tuple(record) for record in records] == [STATEMENT_COLUMNS] * 7
    bob = next(record for record in records if record["reviewer"] == "bob" and record["action"] == "flag")
    assert (bob["run"], bob["confidence"], bob["note"], bob["magnification"]) == (None, None, "", 40)
