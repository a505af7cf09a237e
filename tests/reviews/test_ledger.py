"""The fold in memory against a replay of the events by the plainest rules."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from breakhis_core import reviews
from breakhis_core.reviews.ledger import EVENT_FIELDS, Ledger
from breakhis_core.storage import tables
from breakhis_core.workspace import Workspace

IMAGES = [letter * 32 for letter in "abc"]
STEP = st.tuples(
    st.sampled_from(["flag", "keep", "flag_many", "undo", "redo", "settle"]),
    st.sampled_from(["ada", "bob"]),
    st.sampled_from(IMAGES),
)


class Editor:
    """One reviewer's undo and redo as two stacks of gestures, as a text editor has them."""

    def __init__(self):
        self.done = []
        self.undone = []

    def act(self, gesture):
        self.done.append(gesture)
        self.undone.clear()

    def undo(self):
        if self.done:
            self.undone.append(self.done.pop())

    def redo(self):
        if self.undone:
            self.done.append(self.undone.pop())


def _expected(editors):
    """Of all gestures that are done, the latest statement on each subject stands."""
    statements = sorted(
        (s for e in editors.values() for gesture in e.done for s in gesture), key=lambda s: s[0]
    )
    answers, settled = {}, {}
    for _, reviewer, image, action in statements:
        if action in ("exclude", "include"):
            settled[image] = action
        else:
            answers[image, reviewer] = action
    return answers, settled


def _found(ledger):
    action = EVENT_FIELDS.index("action")
    answers = {
        (image, who): event[action] for image, all_ in ledger.answers.items() for who, event in all_.items()
    }
    return answers, {image: event[action] for image, event in ledger.settlements.items()}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=14))
def test_any_course_of_events_stands_as_an_editor_would_have_it(any_workspace, steps):
    with any_workspace.engine.begin() as connection:
        connection.execute(delete(tables.review_events))
    reviews.flag_many(any_workspace, "zoe", [f"{n:032x}" for n in range(40)], "staining")
    assert len(reviews.standing(any_workspace)) == 40  # So many that the table is changed, not made anew.
    kept = Ledger()
    editors = {"ada": Editor(), "bob": Editor()}
    clock = 0
    for what, reviewer, image in steps:
        editor = editors[reviewer]
        if what in ("undo", "redo"):
            getattr(reviews, what)(any_workspace, reviewer)
            getattr(editor, what)()
        elif what == "flag_many":
            reviews.flag_many(any_workspace, reviewer, IMAGES, "staining")
            editor.act([(clock + n, reviewer, one, "flag") for n, one in enumerate(IMAGES)])
        elif what == "settle":
            reviews.settle(any_workspace, reviewer, image, exclude=clock % 2 == 0, note="seen")
            editor.act([(clock, reviewer, image, "exclude" if clock % 2 == 0 else "include")])
        elif what == "flag":
            reviews.flag(any_workspace, reviewer, image, "staining")
            editor.act([(clock, reviewer, image, "flag")])
        else:
            reviews.keep(any_workspace, reviewer, image)
            editor.act([(clock, reviewer, image, "keep")])
        clock += 3
        kept.sync(any_workspace.engine)
        assert _without_zoe(kept) == _expected(editors)
        table = reviews.standing(any_workspace)
        assert table["id"].is_monotonic_increasing
        shown = {(row.hash, row.reviewer): row.action for row in table.itertuples() if row.reviewer != "zoe"}
        assert len(table) == len(shown) + 40
        assert shown == _expected(editors)[0]
    kept.sync(any_workspace.engine)
    fresh = Ledger()
    fresh.sync(any_workspace.engine)
    assert _found(fresh) == _found(kept)


def _without_zoe(ledger):
    answers, settled = _found(ledger)
    return {pair: action for pair, action in answers.items() if pair[1] != "zoe"}, settled


def test_another_database_in_the_same_place_is_noticed(workspace):
    ledger = Ledger()
    for image in IMAGES:
        reviews.flag(workspace, "ada", image, "staining")
    ledger.sync(workspace.engine)
    workspace.engine.dispose()
    for file in workspace.root.glob("breakhis.db*"):
        file.unlink()
    Workspace.open(workspace.settings).close()
    reviews.keep(workspace, "bob", IMAGES[0])
    ledger.sync(workspace.engine)
    assert _found(ledger) == ({(IMAGES[0], "bob"): "keep"}, {})
