"""Facts about pictures from their headers."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lineform.display.images import ImageFacts, check_image


def picture(form: str, width: int, height: int, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 90)).save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (800, 270), (2500, 1686)])
@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"exif": Image.Exif().tobytes() + b"\0" * 3000, "icc_profile": b"\xff\xc0" * 4000}),
    ],
)
def test_kind_size_and_bytes_are_those_of_the_picture(
    form: str, options: dict[str, Any], width: int, height: int
) -> None:
    data = picture(form, width, height, **options)
    found = check_image(data)
    assert (found.kind, found.width, found.height, found.size) == (form.lower(), width, height, len(data))


@pytest.mark.parametrize("form", ["GIF", "WEBP", "BMP"])
def test_another_kind_has_no_name(form: str) -> None:
    data = picture(form, 800, 540)
    assert check_image(data) == ImageFacts("", 0, 0, len(data))


@given(st.sampled_from(["PNG", "JPEG"]), st.integers(0, 400))
def test_a_torn_header_is_no_picture_or_still_the_same_one(form: str, length: int) -> None:
    whole = picture(form, 800, 540)
    facts = check_image(whole[:length])
    assert (facts.kind, facts.width, facts.height) in {("", 0, 0), (form.lower(), 800, 540)}


@given(st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]), st.binary(max_size=200))
def test_no_bytes_raise(start: bytes, rest: bytes) -> None:
    assert check_image(start + rest).size == len(start + rest)


def test_a_huge_picture_is_not_unpacked() -> None:
    header = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + (60_000).to_bytes(4) * 2
    assert check_image(header) == ImageFacts("png", 60_000, 60_000, len(header))


def test_only_drawing_loads_the_picture_library() -> None:
    code = (
        "import sys; import lineform.display.bubbles, lineform.display.menus, lineform.display.page;"
        "import lineform.display.images, lineform.display.cards; print('PIL' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.strip() == b"False"
