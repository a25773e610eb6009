"""Which files a workspace has, found without following anything out of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lineform.errors import LineformError
from lineform.model.catalogue import SHARED_FOLDERS
from lineform.model.origin import Origin
from lineform.model.problem import Problem

PROJECT_FILE = "lineform.yaml"
ENDINGS = (".yaml.j2", ".yml.j2", ".yaml", ".yml")
TEMPLATE_ENDING = ".j2"
PARTS_FOLDER = "messages"
CLIENTS_FOLDER = "clients"


class NoWorkspaceError(LineformError):
    """There is no lineform.yaml here nor in any folder above."""

    exit_code = 3


def find_root(start: Path) -> Path:
    """The folder of the nearest ``lineform.yaml`` at or above `start`; raises `NoWorkspaceError`."""
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    hint = f"a workspace begins with a file {PROJECT_FILE}; `lineform init` writes one"
    raise NoWorkspaceError(f"no {PROJECT_FILE} in {start} nor above", hint=hint, code="E011")


def place_in_repository(root: Path, *otherwise: Path) -> str:
    """The folder `root` as it is called inside its git repository, with forward slashes; empty where it is the top of
    one. Where it is in none, as it is called inside the first of `otherwise` that holds it."""
    root = root.resolve()
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    for folder in (top, *otherwise):
        if folder is not None and root.is_relative_to(folder.resolve()):
            return "/".join(root.relative_to(folder.resolve()).parts)
    return ""


@dataclass(frozen=True, slots=True)
class WorkspaceFile:
    """One file to be read. `file` is relative to the workspace, with forward slashes."""

    path: Path
    file: str

    @property
    def ending(self) -> str:
        return next(e for e in ENDINGS if self.file.endswith(e))

    @property
    def stem(self) -> str:
        return self.path.name.removesuffix(self.ending)

    @property
    def owner(self) -> str:
        """The client to whom alone the file belongs: that of ``clients/<name>/…``; empty where it is shared."""
        parts = self.file.split("/")
        return parts[1] if parts[0] == CLIENTS_FOLDER and len(parts) > 2 else ""

    @property
    def is_template(self) -> bool:
        return self.file.endswith(TEMPLATE_ENDING)


def client_of(file: str) -> str:
    """The client to whom a file or folder belongs by its place: that of ``clients/<name>.yaml`` and of
    ``clients/<name>/…``; empty where it is shared."""
    folder, _, rest = file.partition("/")
    name = rest.partition("/")[0]
    if folder != CLIENTS_FOLDER:
        return ""
    return name if "/" in rest else name.removesuffix(next((e for e in ENDINGS if name.endswith(e)), ""))


@dataclass(slots=True)
class Listing:
    """The files of a workspace in a fixed order, and what is wrong with its folders and links."""

    files: list[WorkspaceFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    """Folders in which files stand that others name."""
    aside: list[str] = field(default_factory=list)
    """Files beside those that are read, which end otherwise."""


def list_files(root: Path) -> Listing:
    """Every file that a workspace reads by itself: ``lineform.yaml`` and all YAML under the named folders."""
    listing = Listing()
    real_root = root.resolve()
    if (root / PROJECT_FILE).is_file():
        listing.files.append(WorkspaceFile(root / PROJECT_FILE, PROJECT_FILE))
    else:
        hint = "write one with the lines 'kind: project' and 'name: …'; `lineform init` does"
        listing.problems.append(
            Problem("E011", f"the workspace has no {PROJECT_FILE}", Origin(PROJECT_FILE), hint=hint)
        )
    for name in SHARED_FOLDERS:
        if (root / name).is_dir():
            _walk(root / name, name, real_root, {(root / name).resolve(): name}, listing)
    return listing


def _walk(folder: Path, file: str, root: Path, seen: dict[Path, str], listing: Listing) -> None:
    for entry in _entries(folder, file, listing):
        name = f"{file}/{entry.name}"
        path = Path(entry.path)
        if entry.name.startswith("."):
            continue
        real = path
        if entry.is_symlink():
            if (problem := _bad_link(path, name, root)) is not None:
                listing.problems.append(problem)
                continue
            real = path.resolve()
        if entry.is_dir():
            if entry.name == PARTS_FOLDER:
                listing.parts.append(name)
                continue
            real = path.resolve()
            if real in seen:
                message = f"the folder is a link to '{seen[real]}', which is read already"
                listing.problems.append(Problem("E012", message, Origin(name), hint="remove the link"))
                continue
            seen[real] = name
            _walk(path, name, root, seen, listing)
        elif entry.name.endswith(ENDINGS):
            if not real.is_file():
                listing.problems.append(Problem("E001", "this is no ordinary file", Origin(name)))
                continue
            listing.files.append(WorkspaceFile(path, name))
        else:
            listing.aside.append(name)


def _entries(folder: Path, file: str, listing: Listing) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            yield from sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        listing.problems.append(Problem("E001", f"the folder cannot be read: {reason}", Origin(file)))


def _bad_link(path: Path, file: str, root: Path) -> Problem | None:
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # Python 3.11 and 3.12 raise RuntimeError for a circle of links
        circle = isinstance(error, RuntimeError) or "symbolic links" in str(error)
        message = "the link leads in a circle" if circle else "the link leads to nothing"
        return Problem("E012", message, Origin(file), hint="remove the link")
    if not real.is_relative_to(root):
        message = "the link leaves the workspace"
        return Problem("E012", message, Origin(file), hint="copy the file into the workspace")
    return None


def inside(root: Path, folder: str, name: str) -> tuple[Path | None, str, str]:
    """A file that another file in `folder` names: its path, its name in the workspace, and why it cannot be read."""
    if not name or "\0" in name or "\\" in name or name.startswith(("/", "~")) or ":" in name.partition("/")[0]:
        return None, name, "is not the name of a file relative to the one that names it"
    file = os.path.normpath(f"{folder}/{name}" if folder else name).replace(os.sep, "/")
    if file.startswith("../") or file == "..":
        return None, name, "leaves the workspace"
    path = root / file
    try:
        real = path.resolve(strict=True)
    except FileNotFoundError:
        return None, file, "does not exist"
    except (OSError, RuntimeError):
        return None, file, "cannot be opened, or is a link in a circle"
    if not real.is_relative_to(root.resolve()):
        return None, file, "is a link that leaves the workspace"
    if not real.is_file():
        return None, file, "is not an ordinary file"
    return path, file, ""
