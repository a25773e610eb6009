"""Reads every file of the workspace: what it declares, and where."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from jinja2 import nodes

from lineform.loading.collector import Collector
from lineform.loading.documents import Document
from lineform.loading.misplaced import misplaced
from lineform.loading.parts import Parts
from lineform.loading.sources import Written
from lineform.loading.text import Unreadable, line_place, read_text
from lineform.loading.workspace import PROJECT_FILE, WorkspaceFile, client_of, list_files
from lineform.loading.written_texts import text_problems
from lineform.loading.yaml import parse_yaml
from lineform.model.address import NAME, Address, Kind
from lineform.model.catalogue import SPECS
from lineform.model.origin import Origin, Path
from lineform.model.problem import Problem, did_you_mean
from lineform.templates.build import TreeTemplate
from lineform.templates.environment import parse, render_file
from lineform.templates.errors import TemplateError
from lineform.templates.moments import BUILD, reads_of

_KIND_LINE = re.compile(r"^kind:[ \t]*([a-z-]+)[ \t]*\r?$", re.MULTILINE)
MESSAGES = "messages"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One file that declares a resource, before any client had a say in it."""

    file: WorkspaceFile
    address: Address
    layer: Written
    tree: dict[str, Any]
    template: TreeTemplate
    broken: tuple[Path, ...] = ()
    """Places of parts that could not be had."""


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """A ``.yaml.j2`` file: what it declares is known only when a client renders it."""

    file: WorkspaceFile
    address: Address
    tree: nodes.Template
    text: str


@dataclass(frozen=True, slots=True)
class Unread:
    """What files that cannot be read at all may have declared."""

    names: Collection[str]
    words: bool
    """Whether attributes and tags may be among it."""


@dataclass(slots=True)
class Workspace:
    """Every file that could be read."""

    root: FilePath
    collector: Collector
    parts: Parts
    project: Document | None = None
    clients: dict[str, Document] = field(default_factory=dict)
    broken_clients: set[str] = field(default_factory=set)
    """Clients whose file exists and cannot be read."""
    resources: list[Declaration | TemplateFile] = field(default_factory=list)
    unreadable: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Names of resources whose file exists and cannot be read, or is called otherwise, by the client to whom the file
    belongs: its references to them are not called unknown. The names of shared files stand under an empty one."""
    words_unread: set[str] = field(default_factory=set)
    """By the same names: of whose files one that cannot be read may declare attributes and tags."""
    strays: set[str] = field(default_factory=set)
    """Files that stand where clients are declared, and declare something that all clients may use."""

    def owner(self, file: str) -> str:
        """The client to whom alone a file belongs; empty where any client may use it."""
        return "" if file in self.strays else client_of(file)

    def unread(self, client: str) -> Unread:
        """What files that cannot be read may have declared for this client; for nobody, what shared ones may have."""
        names = self.unreadable[""] | self.unreadable[client]
        return Unread(names, words=not self.words_unread.isdisjoint(("", client)))


def read_workspace(root: FilePath) -> Workspace:
    """Reads all files; problems are collected, and what can be read is read."""
    listing = list_files(root)
    workspace = Workspace(root, Collector(), Parts(root))
    workspace.collector.extend(listing.problems)
    workspace.collector.extend(misplaced(root, listing))
    for file in listing.files:
        _read(file, workspace)
    return workspace


def _read(file: WorkspaceFile, workspace: Workspace) -> None:
    try:
        text = read_text(file.path, file.file)
    except Unreadable as error:
        workspace.collector.add(error.problem)
        _note_unreadable(file, "", workspace)
        return
    if file.is_template:
        found = _template_file(file, text, workspace)
        if found is None:
            _note_unreadable(file, text, workspace)
        else:
            workspace.resources.append(found)
        return
    document, problems = parse_yaml(text, file.file)
    workspace.collector.extend(problems)
    kind = None
    if document is not None:
        kind, problems = read_kind(file, document)
        workspace.collector.extend(problems)
    if document is None or kind is None:
        _note_unreadable(file, text, workspace)
        return
    if kind is Kind.PROJECT:
        workspace.project = document
        return
    if kind is not Kind.CLIENT and not file.owner:
        workspace.strays.add(file.file)
    _call_by_file(file, document, workspace)
    workspace.collector.extend(text_problems(document, kind))
    if kind is Kind.CLIENT:
        workspace.clients[file.stem] = document
    else:
        workspace.resources.append(declaration(file, Address(kind, file.stem), document, workspace.parts))


def _note_unreadable(file: WorkspaceFile, text: str, workspace: Workspace) -> None:
    found = _KIND_LINE.search(text)
    known = found is not None and found[1] in set(Kind)
    if found is not None and known and found[1] != Kind.CLIENT and not file.owner:
        workspace.strays.add(file.file)
    owner = workspace.owner(file.file)
    workspace.unreadable[owner].add(file.stem)
    if (found is not None and found[1] == Kind.ATTRIBUTES) or (not known and "segments" in file.file.split("/")):
        workspace.words_unread.add(owner)
    if file.file.startswith("clients/") and not file.owner:
        workspace.broken_clients.add(file.stem)


def declaration(file: WorkspaceFile, address: Address, document: Document, parts: Parts) -> Declaration:
    """What a parsed file declares, with the parts that its messages name in their place."""
    tree: dict[str, Any] = document.value
    named: dict[Path, Document] = {}
    broken: tuple[Path, ...] = ()
    for key in SPECS[address.kind].SEND_TIME:
        if not isinstance(tree.get(key), list):
            continue
        inlined = parts.inline(tree[key], document, (key,))
        if inlined.tree is not tree[key]:
            tree = {**tree, key: inlined.tree}
        named |= {(key, *path): part for path, part in inlined.parts.items()}
        broken += tuple((key, *path) for path in inlined.broken)
    return Declaration(file, address, Written("file", document, parts=named), tree, TreeTemplate(tree), broken)


def read_kind(file: WorkspaceFile, document: Document) -> tuple[Kind | None, list[Problem]]:
    """The kind of a file that says it, and everything that is wrong with the header."""
    problems = list(_header(file, document))
    misnamed = all(problem.code == "E104" for problem in problems) and NAME.fullmatch(file.stem)
    return (Kind(document.value["kind"]) if misnamed or not problems else None), problems


def _call_by_file(file: WorkspaceFile, document: Document, workspace: Workspace) -> None:
    """Gives a resource that calls itself otherwise its file's name; others may know it by either."""
    name = document.value.get("name")
    if isinstance(name, str) and name != file.stem:
        workspace.unreadable[workspace.owner(file.file)].add(name)
        document.value = {**document.value, "name": file.stem}


def _header(file: WorkspaceFile, document: Document) -> Iterator[Problem]:
    def problem(code: str, message: str, key: str, hint: str = "") -> Problem:
        origin = document.origin((key,)) if key else document.origin(())
        full = "; ".join(part for part in (hint, document.note) if part)
        return Problem(code, message, origin, hint=full, excerpt=document.excerpt(origin))

    value = document.value
    kinds = [kind.value for kind in Kind]
    if not isinstance(value, dict):
        yield problem("E103", "the file must be a mapping that begins with its kind and name", "")
        return
    if "kind" not in value:
        hint = did_you_mean("kind", value) or f"write 'kind: ' and one of {', '.join(kinds)}"
        yield problem("E100", "the file does not say its kind", "", hint)
    elif value["kind"] not in kinds:
        hint = did_you_mean(str(value["kind"]), kinds) or f"known are {', '.join(kinds)}"
        yield problem("E100", f"there is no kind '{value['kind']}'", "kind", hint)
    elif (value["kind"] == Kind.PROJECT) != (file.file == PROJECT_FILE):
        yield problem("E106", f"a project is declared in {PROJECT_FILE} alone, and nothing else is", "kind")
    elif value["kind"] == Kind.CLIENT and not file.file.startswith("clients/"):
        yield problem(
            "E106", "a client is declared in the folder clients", "kind", f"move it to clients/{file.stem}.yaml"
        )
    if file.file != PROJECT_FILE and not NAME.fullmatch(file.stem):
        hint = "use up to 32 lower-case letters, digits, - and _"
        yield Problem("E104", f"the file's name '{file.stem}' cannot be a name", Origin(file.file), hint=hint)
    elif (
        file.file != PROJECT_FILE and "name" in value and value["name"] != file.stem and isinstance(value["name"], str)
    ):
        hint = f"write 'name: {file.stem}', or rename the file to {value['name']}{file.ending}"
        yield problem("E104", f"name is '{value['name']}' and the file is called '{file.stem}'", "name", hint)


def _template_file(file: WorkspaceFile, text: str, workspace: Workspace) -> TemplateFile | None:
    found = _KIND_LINE.search(text)
    kinds = [kind.value for kind in Kind if kind not in {Kind.PROJECT, Kind.CLIENT}]

    def refuse(code: str, message: str, hint: str = "", line: int = 0, word: str = "") -> None:
        origin, excerpt = line_place(file.file, text, line, word)
        workspace.collector.add(Problem(code, message, origin, hint=hint, excerpt=excerpt))

    if found is None or found[1] not in kinds:
        refuse("E100", "a template file must say its kind in a line without expressions", f"one of {', '.join(kinds)}")
        return None
    if not NAME.fullmatch(file.stem):
        refuse("E104", f"the file's name '{file.stem}' cannot be a name")
        return None
    try:
        tree = parse(text, file=True)
    except TemplateError as error:
        for one in (error, *error.further):
            refuse(one.code, one.message, one.hint, one.line)
        return None
    strange = sorted(reads_of(tree).roots - BUILD - {"range"})
    for root in strange:
        hint = (
            f"a template file reads {' and '.join(sorted(BUILD))}; keep send-time texts in {{% raw %}} … {{% endraw %}}"
        )
        line = next(name.lineno for name in tree.find_all(nodes.Name) if name.name == root)
        refuse("E021", f"unknown name '{root}' in a template file", hint, line, root)
    return None if strange else TemplateFile(file, Address(Kind(found[1]), file.stem), tree, text)


def rendered(found: TemplateFile, scope: Mapping[str, Any], client: str, workspace: Workspace) -> Declaration | None:
    """What a template file declares for one client; positions are those of the rendered text, and say so."""
    file = found.file
    try:
        text = render_file(found.tree, scope)
    except TemplateError as error:
        origin, excerpt = line_place(file.file, found.text, error.line)
        problem = Problem(error.code, error.message, origin, str(found.address), client, error.hint, excerpt)
        workspace.collector.add(problem)
        return None
    note = f"the line is that of {file.file} as rendered for {client}"
    document, problems = parse_yaml(text, file.file, note)
    kind = None
    if document is not None:
        kind, headed = read_kind(file, document)
        problems = [*problems, *headed]
    address = str(found.address)
    workspace.collector.extend(replace(problem, address=address, client=client) for problem in problems)
    if document is None or kind is None:
        return None
    if kind is not found.address.kind:
        origin = document.origin(("kind",))
        message, excerpt = f"the template's kind became '{kind}'", document.excerpt(origin)
        workspace.collector.add(Problem("E100", message, origin, address, client, note, excerpt))
        return None
    _call_by_file(file, document, workspace)
    workspace.collector.extend(text_problems(document, kind))
    parts = Parts(workspace.root)
    out = declaration(file, found.address, document, parts)
    workspace.collector.extend(parts.problems)
    return out
