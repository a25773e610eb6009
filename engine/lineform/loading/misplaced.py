"""Files that somebody wrote for this workspace and that nothing reads: in a wrong folder, with a wrong ending.

A campaign that is not read is not wrong either, and so nobody would hear of it. A workspace may stand in a repository
of any size: only small YAML files in the first few folders are looked at, and of these only the beginning.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from lineform.loading.workspace import PARTS_FOLDER, PROJECT_FILE, Listing
from lineform.model.address import Kind
from lineform.model.catalogue import SHARED_FOLDERS
from lineform.model.origin import Origin
from lineform.model.problem import Problem, Severity

FOLDERS: dict[Kind, str] = {
    Kind.CLIENT: "clients",
    Kind.ATTRIBUTES: "segments",
    Kind.SEGMENT: "segments",
    Kind.AUDIENCE: "segments",
    Kind.CAMPAIGN: "campaigns",
    Kind.SCENARIO: "campaigns",
    Kind.CODES: "campaigns",
    Kind.COUPON: "campaigns",
    Kind.RECOMMENDATIONS: "campaigns",
    Kind.RICHMENU: "richmenus",
    Kind.MENU_RULES: "richmenus",
    Kind.REPLY: "replies",
    Kind.FORM: "forms",
    Kind.ROUTE: "routes",
    Kind.TEST: "clients/<client>/tests",
}
"""Where a file of each kind belongs; a project is declared in ``lineform.yaml`` alone."""
_YAML = re.compile(r"(?P<stem>.+?)(?P<ending>\.ya?ml)(?P<template>\.j2)?(?:\.txt)?", re.IGNORECASE)
_KIND = re.compile(r"^kind:[ \t]*([a-z-]+)[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_NAME = re.compile(r"^name:", re.MULTILINE)
_OTHERS = frozenset({"node_modules", "venv", "env", "vendor", "dist", "build", "target", "site", "test", "tests"})
"""Folders that tools fill, or that hold examples of faults."""
ENTRIES = 2_000
"""Files and folders that are looked at, at most."""
OPENED = 200
DEPTH = 4
LARGEST = 64 * 1024
HEAD = 4 * 1024
"""Bytes in which a file says its kind and name."""


def misplaced(root: Path, listing: Listing) -> list[Problem]:
    """A warning for each file that says a kind of ours and is not read, with the place where it belongs."""
    names = [*(name for name in listing.aside if _looks_like_yaml(name)), *_yaml_files(root, listing.parts)]
    found = ((name, _kind(root / name)) for name in names[:OPENED])
    return [_told(name, kind) for name, kind in found if kind is not None]


def _yaml_files(root: Path, parts: list[str]) -> Iterator[str]:
    """YAML in folders that are not read, nearest ones first."""
    left = deque([("", 0), *((folder, 1) for folder in parts)])
    entries = 0
    while left:
        folder, depth = left.popleft()
        for entry in _entries(root / folder):
            entries += 1
            if entries > ENTRIES:
                return
            name = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            if entry.is_file():
                if _looks_like_yaml(entry.name) and name != PROJECT_FILE:
                    yield name
            elif depth < DEPTH and entry.is_dir() and not _foreign(Path(entry.path), name, root):
                left.append((name, depth + 1))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []  # what cannot be looked into says nothing about the workspace


def _foreign(folder: Path, name: str, root: Path) -> bool:
    """Whether a folder is read already, or is none of this workspace."""
    if name in SHARED_FOLDERS or folder.name in _OTHERS:
        return True
    # Where a file system does not tell CAMPAIGNS from campaigns, these are one folder.
    if name.lower() in SHARED_FOLDERS and (read := root / name.lower()).exists() and folder.samefile(read):
        return True
    return (folder / PROJECT_FILE).exists() or (folder / "pyvenv.cfg").exists()


def _looks_like_yaml(name: str) -> bool:
    """Whether a file's name could have been meant to be one that is read."""
    return _YAML.fullmatch(name) is not None


def _kind(path: Path) -> Kind | None:
    try:
        if path.stat().st_size > LARGEST:
            return None
        with path.open("rb") as stream:
            head = stream.read(HEAD).decode("utf-8", "replace")
    except OSError:
        return None  # a file that nothing reads may be as unreadable as it likes
    found = _KIND.search(head.removeprefix("\ufeff"))
    if found is None or found[1] not in FOLDERS or not _NAME.search(head):
        return None
    return Kind(found[1])


def _told(name: str, kind: Kind) -> Problem:
    *folders, file = name.split("/")
    right = _YAML.sub(lambda name: name["stem"] + (name["ending"] + (name["template"] or "")).lower(), file)
    if folders and folders[0] in SHARED_FOLDERS:
        in_parts = PARTS_FOLDER in folders
        why = f"a folder '{PARTS_FOLDER}' holds parts that other files name" if in_parts else "its name ends otherwise"
        place = "/".join([*(one for one in folders if one != PARTS_FOLDER), right])
    else:
        why = f"only the folders {', '.join(SHARED_FOLDERS)} are"
        place = f"{FOLDERS[kind]}/{right}"
    message = f"the file says 'kind: {kind}' and is not read: {why}"
    return Problem("E106", message, Origin(name), hint=f"did you mean {place}?", severity=Severity.WARNING)
