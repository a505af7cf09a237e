from breakhis_core import reviews
from breakhis_core.reviews import own_answers

A, B, C = "a" * 32, "b" * 32, "c" * 32


def test_what_came_later_is_read_by_number_and_only_ones_own(any_workspace):
    first = reviews.flag(any_workspace, "ada", A, "staining")
    reviews.flag(any_workspace, "bob", A, "artefact")
    second = reviews.keep(any_workspace, " ada ", B)
    reviews.settle(any_workspace, "ada", C, exclude=False)
    assert [event.id for event in own_answers.newest(any_workspace, "ada", 10)] == [first, second]
    assert [event.id for event in own_answers.newest(any_workspace, "ada", 1)] == [second]
    assert [event.id for event in own_answers.later(any_workspace, "ada", first)] == [second]
    assert own_answers.later(any_workspace, "ada", second) == []
    reviews.undo(any_workspace, "bob")
    assert own_answers.later(any_workspace, "ada", second) == []


def test_what_stands_on_some_images(any_workspace):
    reviews.flag(any_workspace, "ada", A, "staining")
    reviews.flag(any_workspace, "bob", B, "artefact")
    reviews.keep(any_workspace, "ada", B)
    stands = own_answers.standing_on(any_workspace, "ada", [A, B, C])
    assert {image: event.action for image, event in stands.items()} == {A: "flag", B: "keep"}
    reviews.undo(any_workspace, "ada")
    assert set(own_answers.standing_on(any_workspace, "ada", [A, B, C])) == {A}
