"""Pictures as arrays: guarded decoding, the identity of an image, thumbnails.

The identity of an image is a hash of its decoded pixels and never of its file: BreakHis stores one slide
twice in files that differ byte for byte and show the same picture.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from breakhis_core.errors import InputError
from breakhis_core.images.plain_png import decode_plain_png

Pixels = npt.NDArray[np.uint8]

FORMATS: tuple[str, ...] = ("PNG", "JPEG", "TIFF")
MAX_PIXELS = 50_000_000

_SIXTEEN_BIT = {"I;16", "I;16L", "I;16B", "I;16N"}
_WITH_ALPHA = {"LA", "La", "PA", "RGBA", "RGBa"}
_PLAIN = {"1", "L", "P", "RGB", "CMYK", "YCbCr"}


class BadImageError(InputError):
    """A file is not a picture that we can use; the message names it and says what to do."""


def decode(source: Path | bytes, name: str | None = None) -> Pixels:
    """Decode a PNG, JPEG or TIFF picture to 8-bit RGB, whatever mode it was stored in.

    Transparency is laid on white, 16-bit values keep their high byte, palette, grey and CMYK become RGB, and
    a rotation noted in the file's EXIF data is applied. Of a file with several pages the first counts.

    Args:
        source: path of a file, or the content of one.
        name: what to call it in error messages; the file's name by default.

    Returns:
        Array of shape (height, width, 3), uint8.

    Raises:
        BadImageError: the file is absent, empty, truncated, not a picture of these formats, larger than 50
            megapixels, or of a pixel type that has no plain meaning as a picture.

    >>> file = io.BytesIO()
    >>> Image.new("L", (3, 2), 128).save(file, "PNG")
    >>> decode(file.getvalue()).shape
    (2, 3, 3)
    """
    if isinstance(source, Path):
        name = name or source.name
        try:
            content = source.read_bytes()
        except OSError as error:
            raise BadImageError(f"{name}: the file cannot be read ({error.strerror or error}).") from error
        pixels = decode_plain_png(source, content, MAX_PIXELS)
        if pixels is not None:
            return pixels
        source = content
    name = name or "The picture"
    if not source:
        raise BadImageError(f"{name}: the file is empty; save or copy it again.")
    picture = _open(source, name)
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise BadImageError(
            f"{name}: {width} x {height} pixels are more than {MAX_PIXELS // 1_000_000} megapixels; "
            "cut out the field of view of interest."
        )
    try:
        picture.load()
        # Only a real rotation is worth a copy, and asking is cheap.
        if picture.getexif().get(0x0112, 1) != 1:
            picture = ImageOps.exif_transpose(picture)
    except Exception as error:  # Pillow's decoders raise whatever a broken file made them stumble over.
        raise BadImageError(f"{name}: the picture is damaged or cut short; save or copy it again.") from error
    return np.asarray(_to_rgb(picture, name))


def pixel_hash(pixels: Pixels) -> str:
    """Return the identity of an image: 32 hexadecimal digits of SHA-256 over its size and its RGB bytes.

    Args:
        pixels: array of shape (height, width, 3), uint8.

    >>> pixel_hash(np.zeros((2, 3, 3), np.uint8)) == pixel_hash(np.zeros((3, 2, 3), np.uint8))
    False
    """
    height, width, _ = pixels.shape
    digest = hashlib.sha256(f"{width}x{height}|RGB|".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()[:32]


def thumbnail(pixels: Pixels, width: int = 240) -> bytes:
    """Return a small JPEG of a picture, with its aspect ratio kept.

    Args:
        pixels: array of shape (height, width, 3), uint8.
        width: width of the thumbnail in pixels.
    """
    tall, wide, _ = pixels.shape
    size = (width, max(1, round(tall * width / wide)))
    return jpeg(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0), 85)


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """Return a picture as a JPEG file of this quality, 1 to 95."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _open(content: bytes, name: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadImageError(
            f"{name}: the picture has more than {MAX_PIXELS // 1_000_000} megapixels; "
            "cut out the field of view of interest."
        ) from error
    except Exception as error:
        raise BadImageError(f"{name}: this is not a PNG, JPEG or TIFF picture.") from error


def _to_rgb(picture: Image.Image, name: str) -> Image.Image:
    if picture.mode in _SIXTEEN_BIT:
        picture = Image.fromarray((np.asarray(picture).astype(np.uint16) >> 8).astype(np.uint8))
    if picture.mode in _WITH_ALPHA or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    elif picture.mode not in _PLAIN:
        raise BadImageError(
            f"{name}: pixels of the type {picture.mode} cannot be shown as a picture; save it as 8-bit RGB."
        )
    return picture if picture.mode == "RGB" else picture.convert("RGB")
