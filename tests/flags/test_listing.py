import pytest

from breakhis_core import reviews
from breakhis_core.flags import listing
from breakhis_core.flags.statements import LEAVING, records, statements
from breakhis_core.reviews.policy import choose_policy


@pytest.fixture
def rows(workspace, pictures):
    """Four pictures: flagged by two; flagged by one and kept by one; settled either way."""
    rows = pictures.iloc[[0, 6, 15, 22]].reset_index(drop=True)
    a, b, c, d = rows["hash"]
    reviews.flag(workspace, "ada", a, "staining", "pale", run="demo", predicted="DC", confidence=0.9)
    reviews.flag(workspace, "bob", a, "artefact")
    reviews.flag(workspace, "ada", b, "artefact", run="demo", predicted="A", confidence=0.95)
    reviews.keep(workspace, "bob", b)
    reviews.flag(workspace, "ada", c, "staining")
    reviews.settle(workspace, "eve", c, exclude=False, note="good enough")
    reviews.settle(workspace, "eve", d, exclude=True, reason="wrong_label")
    return rows


def _outcomes(workspace):
    flags = listing.listed(workspace)
    return dict(zip(flags["hash"], flags["outcome"], strict=True))


def test_every_flag_is_listed_with_what_follows(workspace, rows):
    a, b, c, d = rows["hash"]
    assert _outcomes(workspace) == {a: "leaves", b: "leaves", c: "settled_in", d: "settled_out"}
    choose_policy(workspace, "eve", "majority")
    assert _outcomes(workspace)[b] == "stays"
    assert len(listing.listed(workspace)) == 5


def test_filters_keep_flags_and_counts_count_images(workspace, rows):
    flags = listing.listed(workspace)
    assert listing.counts(flags, {})["reason"] == {"staining": 2, "artefact": 2, "wrong_label": 1}
    assert listing.counts(flags, {})["reviewer"] == {"ada": 3, "bob": 1, "eve": 1}
    chosen = {"reason": ["artefact"], "magnification": []}
    kept = listing.matching(flags, chosen)
    assert sorted(kept["reviewer"]) == ["ada", "bob"]
    found = listing.counts(flags, chosen)
    assert found["reviewer"] == {"ada": 1, "bob": 1}
    # A facet's own choice does not narrow it.
    assert found["reason"] == {"staining": 2, "artefact": 2, "wrong_label": 1}


def test_a_chosen_value_without_images_stays_in_sight(workspace, rows):
    flags = listing.listed(workspace)
    found = listing.counts(flags, {"reviewer": ["nobody"], "magnification": ["40"]})
    assert found["reviewer"]["nobody"] == 0
    assert list(found["magnification"]) == sorted(found["magnification"], key=int)


def test_corrections_are_counted_where_one_was_named(workspace, rows):
    a, b = rows["hash"][:2]
    reviews.flag(workspace, "cid", a, "wrong_label", correction="PC")
    reviews.flag(workspace, "cid", b, "wrong_label", correction="F")
    flags = listing.listed(workspace)
    assert listing.counts(flags, {})["correction"] == {"F": 1, "PC": 1}
    assert listing.matching(flags, {"correction": ["F"]})["hash"].tolist() == [b]


def test_magnifications_are_filtered_as_text(workspace, rows):
    flags = listing.listed(workspace)
    wanted = str(rows["magnification"][0])
    kept = listing.matching(flags, {"magnification": [wanted]})
    assert set(kept["hash"]) == set(rows.loc[rows["magnification"] == int(wanted), "hash"])


@pytest.mark.parametrize(
    ("order", "first"), [("newest", 3), ("most", 0), ("name", None), ("confident", 1), ("reason", 0)]
)
def test_orders(workspace, rows, order, first):
    flags = listing.arranged(listing.listed(workspace), order)
    images = [one.hash for one in listing.images(flags)]
    wanted = min(rows["hash"], key=dict(zip(rows["hash"], rows["name"], strict=True)).__getitem__)
    assert images[0] == (wanted if first is None else rows["hash"][first])
    assert sorted(images) == sorted(rows["hash"])


def test_an_unknown_order_is_refused(workspace, rows):
    with pytest.raises(ValueError, match="'size'"):
        listing.arranged(listing.listed(workspace), "size")


def test_an_image_is_listed_once_with_all_that_was_said(workspace, rows):
    flags = listing.arranged(listing.listed(workspace), "name")
    one = next(one for one in listing.images(flags) if one.hash == rows["hash"][0])
    assert (one.reasons, one.reviewers, one.notes) == (("staining", "artefact"), ("ada", "bob"), ("pale",))
    assert (one.name, one.subtype, one.predicted) == (rows["name"][0], rows["subtype"][0], "DC")


def test_no_flags_are_no_error(workspace):
    flags = listing.listed(workspace)
    assert flags.empty
    assert listing.images(listing.arranged(flags, "newest")) == []
    assert listing.counts(flags, {})["case"] == {}


def test_what_follows_goes_by_the_split_of_the_run(workspace, rows, fake_run):
    part = fake_run.split().set_index("hash")["part"][rows["hash"]].tolist()
    assert part == ["test", "train", "validation", "train"]  # What the outcomes below rest on.
    a, b, c, d = rows["hash"]
    flags = listing.listed(workspace, fake_run)
    found = dict(zip(flags["hash"], flags["outcome"], strict=True))
    assert found == {a: "stays_test", b: "leaves", c: "settled_in", d: "settled_out"}
    assert set(flags.loc[flags["hash"] == a, "part_in"]) == {"fake"}


def test_an_export_holds_the_keeps_of_its_images_and_without_a_choice_all(workspace, rows, fake_run):
    a, b, _, _ = rows["hash"]
    reviews.keep(workspace, "eve", fake_run.predictions()["hash"].iloc[40])
    said = statements(workspace, fake_run)
    assert said["action"].value_counts().to_dict() == {"flag": 4, "keep": 2, "exclude": 1}
    assert listing.exported(said, {"reason": []}) is said
    leaving = listing.exported(said, {"outcome": LEAVING})
    assert set(leaving["action"]) == {"flag", "keep", "exclude"}
    assert set(leaving["hash"]) == {b, rows["hash"][3]}
    assert set(listing.exported(said, {"reviewer": ["bob"]})["hash"]) == {a}


def test_a_file_says_who_settled_what_and_what_follows(workspace, rows, fake_run):
    choose_policy(workspace, "eve", "majority")
    found = {(row["hash"], row["reviewer"]): row for row in records(statements(workspace, fake_run))}
    a, b, c, d = rows["hash"]
    assert (found[a, "ada"]["outcome"], found[a, "ada"]["rule"], found[a, "ada"]["part"]) == (
        "stays: test", "majority", "test",
    )  # fmt: skip
    assert found[a, "ada"]["dataset"] == "pictures"
    assert (found[b, "bob"]["action"], found[b, "bob"]["outcome"], found[b, "bob"]["settled"]) == (
        "keep", "stays", None,
    )  # fmt: skip
    settled = {name: found[c, "ada"][f"settled{name}"] for name in ("", "_by", "_note", "_reason")}
    assert settled == {"": "stays", "_by": "eve", "_note": "good enough", "_reason": None}
    assert (found[d, "eve"]["action"], found[d, "eve"]["settled_reason"]) == ("exclude", "wrong_label")


def test_each_run_lists_the_flags_of_its_own_data_set(workspace, rows, fake_run, other_set):
    images, run = other_set
    reviews.flag(workspace, "ada", images["hash"].iloc[0], "staining")
    reviews.flag(workspace, "ada", images["hash"].iloc[1], "staining")
    reviews.flag(workspace, "ada", "0" * 32, "staining")
    assert set(listing.listed(workspace, fake_run)["hash"]) == set(rows["hash"])
    assert set(listing.listed(workspace, run)["hash"]) == set(images["hash"].iloc[:2])
    assert listing.elsewhere(workspace, run, [run, fake_run]) == [
        listing.Elsewhere("pictures", True, 4, "fake"),
        listing.Elsewhere("", False, 1, None),
    ]
    (other, _) = listing.elsewhere(workspace, fake_run, [run, fake_run])
    assert other == listing.Elsewhere("tissue", False, 2, "tissue-run")
