"""A queue as the screen walks it: the same images in another order, without a copy of them."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from breakhis_core.runs import Run, queues
from pages.parts.review.queue import Images, Item, Ordered, Places, images_of, queue_of


@pytest.mark.parametrize("order", ["all", "least_certain", "confident_mistakes"])
def test_it_has_the_images_of_the_queue_in_its_order(fake_run: Run, order: str) -> None:
    queue = queue_of(fake_run, part="test", order=order)
    frame = queues.build_queue(fake_run, part="test", order=order)
    assert [item.hash for item in queue.items] == frame["hash"].tolist()
    assert [queue.items[place].row for place in range(len(queue))] == frame["row"].tolist()
    assert [queue.place[image] for image in frame["hash"]] == list(range(len(queue)))
    assert list(queue.place) == frame["hash"].tolist()
    assert queue.items[-1].hash == frame["hash"].iat[-1]
    assert [item.hash for item in queue.items[1:3]] == frame["hash"].tolist()[1:3]
    item = queue.items[0]
    assert item.probabilities == tuple(frame.filter(like="p_").iloc[0].astype(float))
    assert (item.predicted, item.subtype, item.name) == tuple(frame.loc[0, ["predicted", "subtype", "name"]])


def test_what_is_not_in_it_has_no_place(fake_run: Run) -> None:
    queue = queue_of(fake_run, part="test", order="all")
    others = set(fake_run.predictions()["hash"]) - set(queue.place)
    assert others
    assert not any(image in queue.place for image in (*others, "f" * 32, "test"))
    with pytest.raises(IndexError):
        queue.items[len(queue)]


def test_two_queues_share_their_images(fake_run: Run) -> None:
    one, other = (queue_of(fake_run, part=None, order=order) for order in ("all", "least_certain"))
    assert one.items[0] is other.items[other.place[one.items[0].hash]]


def test_a_queue_of_all_of_breakhis_takes_kilobytes() -> None:
    count = 7909
    items = tuple(
        Item(n, f"{n:032x}", f"{n}.png", "DC", "DC", 0.5, 40, "s", "test", (0.1,) * 8) for n in range(count)
    )
    images = Images(items, {item.hash: item.row for item in items}, {})
    rows = np.random.default_rng(0).permutation(count).astype(np.int32)
    tracemalloc.start()
    kept = Ordered(images, rows), Places(images, rows)
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept[1][items[rows[5]].hash] == 5
    assert taken < 50_000  # Copied records took 6.5 million.


def test_the_images_are_made_once(fake_run: Run) -> None:
    assert images_of(fake_run) is images_of(fake_run)
