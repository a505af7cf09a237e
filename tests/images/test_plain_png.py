"""The fast decoder of plain PNG files: Pillow's pixels, or none at all."""

import io
import random

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from breakhis_core.images import plain_png
from breakhis_core.images.pixels import BadImageError, decode
from breakhis_core.images.plain_png import decode_plain_png

pytestmark = pytest.mark.skipif(plain_png.read_image is None, reason="kornia-rs is not installed")
PIXELS = np.random.default_rng(0).integers(0, 255, (20, 31, 3), np.uint8)
SMOOTH = (np.cumsum(PIXELS, axis=1) // 16).astype(np.uint8)


def png(pixels, mode="RGB", **options):
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "PNG", **options)
    return file.getvalue()


def text(key, value):
    about = PngImagePlugin.PngInfo()
    about.add_text(key, value)
    return about


def decoded(tmp_path, content, name="picture.png"):
    file = tmp_path / name
    file.write_bytes(content)
    return decode_plain_png(file, content, 10_000)


@pytest.mark.parametrize("pixels", [PIXELS, SMOOTH, PIXELS[:1], PIXELS[:, :1]])
@pytest.mark.parametrize("options", [{}, {"compress_level": 0}, {"dpi": (72, 72)}])
def test_pixels_are_those_that_were_saved(tmp_path, pixels, options):
    assert np.array_equal(decoded(tmp_path, png(pixels, **options)), pixels)
    assert np.array_equal(decode(tmp_path / "picture.png"), pixels)


def test_texts_of_the_data_set_change_nothing(tmp_path):
    plain = png(PIXELS, pnginfo=text("date:create", "2015-02-12"))
    assert np.array_equal(decoded(tmp_path, plain, "Ä picture.PNG"), PIXELS)


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("L", {}),
        ("RGBA", {}),
        ("P", {}),
        ("RGB", {"transparency": (1, 2, 3)}),
        ("RGB", {"pnginfo": text("XML:com.adobe.xmp", '<x tiff:Orientation="6"/>')}),
        ("RGB", {"icc_profile": b"profile"}),
    ],
)
def test_what_is_not_plain_is_left_to_pillow(tmp_path, mode, options):
    assert decoded(tmp_path, png(PIXELS, mode, **options)) is None


def test_a_noted_rotation_is_left_to_pillow(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    content = png(PIXELS, exif=exif)
    assert decoded(tmp_path, content) is None
    assert decode(tmp_path / "picture.png").shape == (31, 20, 3)


def test_large_pictures_are_refused_before_they_are_decoded(tmp_path):
    assert decoded(tmp_path, png(np.zeros((101, 100, 3), np.uint8))) is None


def test_a_damaged_file_is_never_decoded_otherwise(tmp_path):
    chance = random.Random(1)
    for source in [png(PIXELS), png(SMOOTH)] * 200:
        content = bytearray(source)
        at = chance.randrange(len(content))
        if chance.random() < 0.5:
            content[at] ^= 1 << chance.randrange(8)
        else:
            del content[at:]
        assert decoded(tmp_path, bytes(content)) is None


def test_errors_are_those_of_pillow(tmp_path):
    file = tmp_path / "cut.png"
    file.write_bytes(png(PIXELS)[:-40])
    with pytest.raises(BadImageError, match="cut.png: the picture is damaged or cut short"):
        decode(file)
