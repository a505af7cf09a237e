import io

import numpy as np
from PIL import Image

from breakhis_core.images.input_form import InputForm
from breakhis_core.maps.overlays import Maps, lay_over, viridis


def test_viridis_is_that_of_the_published_table():
    # Five entries of matplotlib's table of 256.
    table = {0: (68, 1, 84), 64: (59, 82, 139), 128: (33, 145, 140), 192: (94, 201, 98), 255: (253, 231, 37)}
    for place, colour in table.items():
        assert np.abs(255 * viridis(np.array(place / 255)) - colour).max() < 4


def test_where_the_map_is_nothing_the_picture_stays():
    picture = np.full((46, 70, 3), 200, np.uint8)
    assert (lay_over(picture, np.zeros((7, 7), np.float32), 1.0) == picture).all()


def test_a_full_map_covers_with_the_opacity_in_the_strongest_colour():
    picture = np.full((14, 14, 3), 100, np.uint8)
    shown = lay_over(picture, np.full((7, 7), 9.0, np.float32), 3.0, opacity=0.5)
    wanted = 0.5 * 100 + 0.5 * 255 * viridis(np.array(1.0))
    assert np.abs(shown - wanted).max() <= 2


def test_a_corner_of_the_map_lies_on_that_corner_of_the_picture():
    class_map = np.zeros((7, 7), np.float32)
    class_map[0, 6] = 1
    picture = np.zeros((70, 140, 3), np.uint8)
    shown = lay_over(picture, class_map, 1.0).sum(axis=2)
    row, column = np.unravel_index(shown.argmax(), shown.shape)
    assert row < 10
    assert column >= 120
    assert shown[40:].max() == 0
    assert shown[:, :70].max() == 0


def test_a_map_of_any_shape_lies_on_the_part_that_the_picture_covers():
    class_map = np.zeros((10, 16), np.float32)
    class_map[2, 5] = 1
    class_map[7, 1] = 1  # In the margin.
    class_map[6, 8] = -1  # Against: as much as nothing.
    covered = InputForm(512, 320, keep_proportions=True).covered(300, 300)
    shown = lay_over(np.zeros((200, 200, 3), np.uint8), class_map, 1.0, covered=covered).sum(axis=2)
    row, column = np.argwhere(shown == shown.max()).mean(axis=0)
    # Columns 3 to 12 cover the picture: each cell is a tenth of it.
    assert abs(row - 50) <= 2
    assert abs(column - 50) <= 2
    assert shown[:, 100:].max() == 0
    assert shown[100:].max() == 0


def test_a_run_gives_the_map_of_what_it_predicted(fake_run):
    maps, table = Maps(fake_run), fake_run.predictions()
    image = table["hash"][3]
    assert maps.predicted(image) == table["predicted"][3]
    picture = np.full((46, 70, 3), 128, np.uint8)
    shown = Image.open(io.BytesIO(maps.overlay(image, picture)))
    assert (shown.format, shown.size) == ("JPEG", (70, 46))
    assert maps.overlay("0" * 32, picture) is None
