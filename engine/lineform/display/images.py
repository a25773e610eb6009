"""The few facts about a picture that LINE's limits speak of, read from its header without decoding it.

A header is enough, costs microseconds, and cannot be made to unpack gigabytes. The limits themselves are LINE's facts
and stand with the others, not here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# Frame headers; C4, C8 and CC in this range are tables and reserved codes (ITU-T T.81, table B.1).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Kind, pixels and bytes. An empty kind means that it is neither PNG nor JPEG, or that its header is broken."""

    kind: Literal["png", "jpeg", ""]
    width: int
    height: int
    size: int


def check_image(data: bytes) -> ImageFacts:
    """Read the header of a PNG or JPEG. Never raises: what cannot be read has an empty kind and no pixels."""
    pixels = None
    kind: Literal["png", "jpeg", ""] = ""
    if data.startswith(_PNG):
        kind, pixels = "png", _png_pixels(data)
    elif data.startswith(_JPEG):
        kind, pixels = "jpeg", _jpeg_pixels(data)
    if pixels is None or 0 in pixels:
        return ImageFacts("", 0, 0, len(data))
    return ImageFacts(kind, *pixels, len(data))


def _png_pixels(data: bytes) -> tuple[int, int] | None:
    if len(data) < 24 or data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _jpeg_pixels(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes may stand before a marker
            at += 1
        elif marker in _WITHOUT_LENGTH:
            at += 2
        elif marker in _FRAMES:
            if at + 9 > len(data):
                return None
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        elif marker == 0xDA:  # the picture itself begins and no frame came before it
            return None
        else:
            at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return None
