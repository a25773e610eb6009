"""The image that is uploaded is the file that was reviewed, or one drawn from the cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.apply.images import menu_image
from lineform.errors import BlockedError
from lineform.model.project import Resource
from support.declared_clients import asset, client, menu

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


def resource_with(path: Path, content: bytes) -> Resource:
    written = asset(path, content)
    (resource,) = client(menu("main", image=path.name), assets={"main": [written]}).resources.values()
    return resource


@pytest.mark.parametrize(("start", "content_type"), [(PNG, "image/png"), (JPEG, "image/jpeg")])
def test_a_file_is_uploaded_as_what_it_is_whatever_it_is_called(
    tmp_path: Path, start: bytes, content_type: str
) -> None:
    resource = resource_with(tmp_path / "main.img", start + b"rest")
    assert menu_image(resource) == (start + b"rest", content_type)


def test_a_file_that_changed_after_the_plan_is_refused(tmp_path: Path) -> None:
    resource = resource_with(tmp_path / "main.png", PNG)
    (tmp_path / "main.png").write_bytes(PNG + b"other")
    with pytest.raises(BlockedError, match="changed"):
        menu_image(resource)


def test_a_file_that_is_no_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BlockedError, match="neither PNG nor JPEG"):
        menu_image(resource_with(tmp_path / "main.png", b"GIF89a"))


def test_a_menu_without_a_file_is_drawn_in_its_own_size() -> None:
    (resource,) = client(
        menu("main", size="compact", cells=({"at": "A1", "span": (3, 2), "message": "予約", "label": "予約"},))
    ).resources.values()
    image, content_type = menu_image(resource)
    assert content_type == "image/png"
    assert (int.from_bytes(image[16:20], "big"), int.from_bytes(image[20:24], "big")) == (2500, 843)
