"""The images that files name: read once, known by the digest of their bytes, held against LINE's limits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path as FilePath

from lineform.display.images import ImageFacts, check_image
from lineform.lineapi import limits
from lineform.loading.text import Unreadable, read_bytes
from lineform.loading.validation import FieldProblem
from lineform.loading.workspace import inside
from lineform.model.origin import Path
from lineform.model.project import Asset

READ_LIMIT = 16 * 1024 * 1024
"""Bytes; more than any image that LINE takes, so that the message can name the size."""


@dataclass(frozen=True, slots=True)
class Image:
    asset: Asset
    facts: ImageFacts


class Images:
    """Reads each image once for the whole workspace."""

    def __init__(self, root: FilePath) -> None:
        self._root = root
        self._read: dict[str, Image | str] = {}

    def take(self, folder: str, name: str) -> Image | str:
        """The image that a file in `folder` names, or the reason why it cannot be had."""
        path, file, reason = inside(self._root, folder, name)
        if path is None:
            return f"names '{file}', which {reason}"
        if file not in self._read:
            try:
                data = read_bytes(path, file, READ_LIMIT)
            except Unreadable as error:
                self._read[file] = f"names '{file}', but {error.problem.message}"
            else:
                asset = Asset(file, path, hashlib.sha256(data).hexdigest(), len(data))
                self._read[file] = Image(asset, check_image(data))
        return self._read[file]


def menu_image_problems(facts: ImageFacts, size: tuple[int, int], path: Path) -> list[FieldProblem]:
    """What LINE would refuse about a rich menu's image.

    https://developers.line.biz/en/reference/messaging-api/#upload-rich-menu-image-requirements
    """
    out: list[FieldProblem] = []

    def say(code: str, message: str, hint: str = "") -> None:
        out.append(FieldProblem(path, code, message, hint))

    if not facts.kind:
        say("E401", "image is neither a PNG nor a JPEG, or its header is broken", "save it as PNG or JPEG")
        return out
    if facts.size > limits.RICHMENU_IMAGE_BYTES:
        say("E402", f"image has {facts.size:,} bytes; LINE allows {limits.RICHMENU_IMAGE_BYTES:,}", "save it as JPEG")
    if (facts.width, facts.height) != size:
        wanted = f"{size[0]} x {size[1]}"
        say(
            "E403",
            f"image is {facts.width} x {facts.height} pixels; the menu's size is {wanted}",
            f"draw it as {wanted}",
        )
    return out
