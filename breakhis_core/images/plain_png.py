"""Decode plain PNG files, the form that BreakHis comes in, in 0.4 of the time that Pillow takes.

Plain is: 8-bit RGB, whole, with nothing in it that changes what is seen, such as transparency or a rotation.
All others are left to Pillow, and so is everything where kornia-rs is not installed.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

try:
    from kornia_rs.io import read_image
except ImportError:
    read_image = None

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SIZE = struct.Struct(">II")
_EIGHT_BIT_RGB = b"\x08\x02\x00\x00\x00"
_SEEN_ALIKE = {b"gAMA", b"sRGB", b"cHRM", b"bKGD", b"oFFs", b"pHYs", b"sBIT", b"tIME", b"vpAg"}
# Others may hold a rotation.
_TEXTS = (
    b"date:",
    b"jpeg:",
    b"Software\0",
    b"Title\0",
    b"Author\0",
    b"Description\0",
    b"Comment\0",
    b"Source\0",
)


def decode_plain_png(file: Path, content: bytes, most: int) -> npt.NDArray[np.uint8] | None:
    """Return the pixels of a plain PNG file, None of any other, bit for bit as Pillow decodes them.

    Args:
        file: the picture's path.
        content: of that file.
        most: pixels that a picture may have.

    Returns:
        Array of shape (height, width, 3), uint8.
    """
    if read_image is None or not _is_plain(content):
        return None
    width, height = _SIZE.unpack_from(content, 16)
    if width * height > most:
        return None
    # Given the content it would hold the interpreter meanwhile. Whatever it stumbles over, Pillow names.
    try:
        pixels = np.asarray(read_image(str(file)))
    except Exception:
        return None
    return pixels if pixels.shape == (height, width, 3) and pixels.dtype == np.uint8 else None


def _is_plain(content: bytes) -> bool:
    """Return whether a file is a whole PNG of 8-bit RGB, in which nothing but the pixels counts."""
    if content[:8] != _SIGNATURE or content[12:16] != b"IHDR" or content[24:29] != _EIGHT_BIT_RGB:
        return False
    at, end = 8, len(content)
    while at + 12 <= end:
        length = int.from_bytes(content[at : at + 4], "big")
        name, data = content[at + 4 : at + 8], at + 8
        if name == b"tEXt":
            if not content.startswith(_TEXTS, data):
                return False
        elif name not in _SEEN_ALIKE and name not in (b"IHDR", b"IDAT", b"IEND"):
            return False
        # Those of the pixels are checked where they are decoded.
        if name != b"IDAT" and zlib.crc32(content[at + 4 : data + length]) != int.from_bytes(
            content[data + length : data + length + 4], "big"
        ):
            return False
        at = data + length + 4
        if name == b"IEND":
            return at == end
    return False
