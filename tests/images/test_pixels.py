import hashlib
import io
import zlib

import numpy as np
import pytest
from PIL import Image

from breakhis_core.images.pixels import BadImageError, decode, pixel_hash, thumbnail


def noise(height: int = 20, width: int = 30) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


def encoded(picture: Image.Image, format: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG that says it is huge and holds almost nothing."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_lossless_formats_come_back_exactly(format):
    assert np.array_equal(decode(encoded(Image.fromarray(noise()), format)), noise())


def test_jpeg_comes_back_nearly():
    flat = np.full((16, 16, 3), (200, 100, 150), np.uint8)
    difference = decode(encoded(Image.fromarray(flat), "JPEG", quality=95)).astype(int) - flat
    assert np.abs(difference).max() <= 3


def test_path_and_bytes_agree(tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(encoded(Image.fromarray(noise())))
    assert np.array_equal(decode(file), decode(file.read_bytes()))


def test_transparency_is_laid_on_white():
    picture = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    picture.putpixel((1, 0), (0, 0, 0, 0))
    assert decode(encoded(picture)).tolist() == [[[255, 0, 0], [255, 255, 255]]]


def test_grey_with_alpha_is_laid_on_white():
    assert decode(encoded(Image.new("LA", (1, 1), (0, 0)))).tolist() == [[[255, 255, 255]]]


def test_palette_with_transparent_colour_is_laid_on_white():
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putpixel((1, 0), 1)
    assert decode(encoded(picture, transparency=1)).tolist() == [[[10, 20, 30], [255, 255, 255]]]


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bits_keep_their_high_byte(format):
    picture = Image.fromarray(np.array([[0, 257, 0x80FF, 65535]], np.uint16))
    assert decode(encoded(picture, format))[0, :, 0].tolist() == [0, 1, 0x80, 255]


def test_cmyk_becomes_rgb():
    picture = Image.new("CMYK", (1, 1), (0, 255, 255, 0))
    assert decode(encoded(picture, "TIFF")).tolist() == [[[255, 0, 0]]]


def test_black_and_white_becomes_rgb():
    assert decode(encoded(Image.new("1", (1, 1), 1))).tolist() == [[[255, 255, 255]]]


def test_rotation_in_exif_is_applied():
    picture = Image.fromarray(np.full((4, 8, 3), 90, np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode(encoded(picture, "JPEG", exif=exif)).shape == (8, 4, 3)


def test_first_page_of_several_counts():
    pages = [Image.new("RGB", (2, 2), colour) for colour in ("red", "blue")]
    content = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert decode(content)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello, I am text", "not a PNG, JPEG or TIFF"),
        (encoded(Image.fromarray(noise(200, 200)))[:2000], "damaged or cut short"),
        (encoded(Image.fromarray(noise(200, 200)), "JPEG")[:2000], "damaged or cut short"),
        (encoded(Image.fromarray(noise(200, 200)), "TIFF")[:2000], ""),
        (encoded(Image.fromarray(noise()), "GIF"), "not a PNG, JPEG or TIFF"),
        (encoded(Image.fromarray(noise()), "BMP"), "not a PNG, JPEG or TIFF"),
        (png_claiming(9000, 9000), "more than 50 megapixels"),
        (png_claiming(60000, 60000), "more than 50 megapixels"),
        (encoded(Image.fromarray(np.ones((2, 2), np.float32)), "TIFF"), "save it as 8-bit RGB"),
    ],
    ids=["empty", "text", "short-png", "short-jpeg", "short-tiff", "gif", "bmp", "large", "bomb", "float"],
)
def test_bad_input_gets_one_sentence_that_names_it(content, words):
    with pytest.raises(BadImageError) as caught:
        decode(content, "slide 7.png")
    sentence = str(caught.value)
    assert sentence.startswith("slide 7.png: ")
    assert words in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")


def test_every_cut_of_a_png_is_refused_or_whole():
    content = encoded(Image.fromarray(noise(9, 9)))
    refused = 0
    for length in range(len(content)):
        try:
            picture = decode(content[:length], "cut.png")
        except BadImageError:
            refused += 1
        else:
            assert np.array_equal(picture, noise(9, 9))
    # Only two checksums and the end mark, 20 bytes, say nothing of the picture.
    assert refused >= len(content) - 20


def test_absent_file_and_folder_are_named(tmp_path):
    with pytest.raises(BadImageError, match=r"absent\.png: the file cannot be read"):
        decode(tmp_path / "absent.png")
    with pytest.raises(BadImageError, match="cannot be read"):
        decode(tmp_path)


def test_hash_is_that_of_size_mode_and_bytes():
    picture = noise(2, 3)
    expected = hashlib.sha256(b"3x2|RGB|" + picture.tobytes()).hexdigest()[:32]
    assert pixel_hash(picture) == expected


def test_hash_ignores_the_file_and_sees_one_bit():
    picture = noise()
    small = decode(encoded(Image.fromarray(picture), compress_level=9))
    large = decode(encoded(Image.fromarray(picture), compress_level=0))
    assert pixel_hash(small) == pixel_hash(large)
    other = picture.copy()
    other[3, 4, 1] ^= 1
    assert pixel_hash(other) != pixel_hash(picture)


def test_hash_of_a_view_is_that_of_its_copy():
    view = noise()[:, ::-1]
    assert pixel_hash(view) == pixel_hash(view.copy())


def test_thumbnail_keeps_the_aspect_ratio():
    small = Image.open(io.BytesIO(thumbnail(noise(460, 700), width=140)))
    assert (small.format, small.size) == ("JPEG", (140, 92))


def test_thumbnail_of_a_thin_strip_has_a_height():
    assert Image.open(io.BytesIO(thumbnail(noise(1, 900)))).size == (240, 1)
