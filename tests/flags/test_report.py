import re

import pytest

from breakhis_core import reviews
from breakhis_core.flags import listing
from breakhis_core.flags.report import flag_report
from breakhis_core.reviews.policy import choose_policy


@pytest.fixture
def page(workspace, fake_run):
    """The report on two images, one with two answers, one settled."""
    table = fake_run.predictions()
    first, second = table["hash"][0], table["hash"][1]
    reviews.flag(workspace, "Ada", first, "staining", "<script>alert(1)</script>", run="fake", predicted="DC")
    reviews.flag(workspace, "Bob", first, "artefact")
    reviews.flag(workspace, "Ada", second, "duplicate")
    reviews.keep(workspace, "Bob", second)
    reviews.settle(workspace, "Eve", second, exclude=False, note="kept for teaching")
    choose_policy(workspace, "Eve", "majority")
    return b"".join(flag_report(workspace, listing.listed(workspace))).decode()


def test_the_page_needs_nothing_but_itself(page):
    assert page.count("data:image/jpeg;base64,") == 2
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "<script" not in page
    assert "url(" not in page


def test_it_says_what_the_flags_rest_on(page):
    assert "synthetic phantoms, not tissue" in page
    assert "2 images of 1 case flagged by 2 reviewers" in page
    assert "more of its reviewers flagged it than kept it (chosen by Eve" in page
    assert "1 image of these" in page
    assert "Research tool, not a medical device." in page


def test_it_has_agreement_settlements_and_what_was_noted(page):
    assert "Ada and Bob, Cohen&#39;s kappa</td><td>2</td><td>0</td><td>50%</td>" in page
    assert "kept for teaching" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "Staining: 1 image" in page


def test_it_says_which_sub_types_are_right(workspace, fake_run):
    first, second = fake_run.predictions()["hash"][:2]
    for reviewer, subtype in (("Ada", "DC"), ("Bob", "LC")):
        reviews.flag(workspace, reviewer, first, "wrong_label", correction=subtype)
    reviews.settle(workspace, "Eve", second, exclude=True, reason="wrong_label", correction="PC")
    page = b"".join(flag_report(workspace, listing.listed(workspace))).decode()
    assert "right: DC or LC ·" in page
    assert "<td>leaves</td><td>Wrong label</td><td>PC</td>" in page
    assert "Right sub-type, of those who named one" in page


def test_a_picture_that_is_gone_leaves_a_frame(workspace, fake_run):
    reviews.flag(workspace, "Ada", "0" * 32, "staining")
    assert "The picture is not here." in b"".join(flag_report(workspace, listing.listed(workspace))).decode()


def test_what_people_wrote_stays_text(workspace, fake_run):
    first = fake_run.predictions()["hash"][0]
    reviews.flag(workspace, "<img src=x onerror=alert(1)>", first, "staining", "{{7*7}}")
    page = b"".join(flag_report(workspace, listing.listed(workspace))).decode()
    assert "<br>&lt;img src=x onerror=alert(1)&gt;<br><i>{{7*7}}</i>" in page
    assert "<img src=x" not in page
