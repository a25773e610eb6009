"""What the build knows, put into a tree of values: ``client`` and ``values`` in every text, mapping keys never.

A text that also reads a friend is left as it is: its part of ``client`` and ``values`` travels with the resource (see
`projection`). Whatever holds no expression comes back as the very same object, however often it is rendered, so that
checks of it can be remembered by its identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lineform.model.origin import Path
from lineform.model.problem import did_you_mean
from lineform.templates.errors import TemplateError
from lineform.templates.moments import BUILD, SEND, Read
from lineform.templates.scalars import Expression, Scalar, Scope, expression, may_hold_expression, scalar

Tree = Any


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """What is wrong with the expression at `path`."""

    path: Path
    error: TemplateError


@dataclass(frozen=True, slots=True)
class Site:
    """A place that reads what only a send knows. `bound` are the names that an enclosing ``each`` gives."""

    path: Path
    scalar: Scalar
    bound: frozenset[str]
    reads: frozenset[Read]
    """The send-time names that it reads, without those that an enclosing ``each`` gives."""
    build_reads: frozenset[Read]

    @classmethod
    def of(cls, path: Path, scalar: Scalar, bound: frozenset[str]) -> Site:
        every = scalar.reads.all
        return cls(
            path,
            scalar,
            bound,
            frozenset(read for read in every if read.root not in BUILD and read.root not in bound),
            frozenset(read for read in every if read.root in BUILD),
        )

    def build_parts(self) -> Iterator[Expression]:
        """What can be evaluated already: so that its failures are seen before any friend is asked."""
        seen: set[str] = set()
        for part in self.scalar.parts:
            if not isinstance(part, str) and part.reads.roots <= BUILD:
                seen |= part.reads.paths
                yield part
        for read in sorted(self.build_reads, key=lambda read: read.path):
            if not read.guarded and read.path not in seen:
                yield expression(read.path).parts[0]  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class _Leaf:
    scalar: Scalar
    path: Path


@dataclass(frozen=True, slots=True)
class _Branch:
    """A mapping or list of which only some children change."""

    original: Tree
    children: tuple[tuple[Any, _Leaf | _Branch], ...]


class TreeTemplate:
    """A tree of values, its expressions compiled once."""

    __slots__ = ("_paths", "_root", "_tried", "doubtful", "holes", "original", "problems", "sites")

    def __init__(self, tree: Tree) -> None:
        self.original = tree
        problems: list[TemplateProblem] = []
        sites: list[Site] = []
        doubtful: list[Site] = []
        self._root = _compile(tree, (), frozenset(), problems, sites, doubtful)
        self.problems = tuple(problems)
        """Expressions that cannot be understood, whoever the client is."""
        self.sites = tuple(sites)
        """Texts that are left for the send."""
        self.doubtful = tuple(doubtful)
        """Texts with a name that nobody knows: what else they read, so that all of it is told at once."""
        self.holes: dict[Path, Scalar] = dict(_leaves(self._root))
        """Texts that the build fills."""
        every = (*self.sites, *self.doubtful)
        self._tried = tuple((site.path, part) for site in every for part in site.build_parts())
        self._paths = _sorted_steps(read.path for site in self.sites for read in site.build_reads)

    @property
    def constant(self) -> bool:
        """Whether the tree is the same for every client, its send-time texts included."""
        return self._root is None and not any(site.build_reads for site in (*self.sites, *self.doubtful))

    def render(self, scope: Scope) -> tuple[Tree, tuple[TemplateProblem, ...]]:
        """The tree at this scope, and what could not be evaluated (those texts stay as they are)."""
        problems: list[TemplateProblem] = []
        tree = self.original if self._root is None else _render(self._root, scope, problems)
        for path, part in self._tried:
            try:
                part.value(scope)
            except TemplateError as error:
                problems.append(TemplateProblem(path, error))
        return tree, tuple(problems)

    def projection(self, scope: Scope) -> dict[str, Any]:
        """The part of `scope` that the send will need, and nothing more."""
        return _projected(self._paths, scope)


def render_tree(tree: Tree, scope: Scope) -> tuple[Tree, tuple[TemplateProblem, ...]]:
    """`tree` with its build-time expressions evaluated, and every problem found on the way."""
    template = TreeTemplate(tree)
    rendered, problems = template.render(scope)
    return rendered, (*template.problems, *problems)


def projection(paths: Iterable[str], scope: Scope) -> dict[str, Any]:
    """Only those values of `scope` that stand at `paths`; paths without a value are left out."""
    return _projected(_sorted_steps(paths), scope)


def _sorted_steps(paths: Iterable[str]) -> tuple[list[str], ...]:
    """The shorter path first, so that it already holds the longer."""
    return tuple(path.split(".") for path in sorted(set(paths)))


def _projected(paths: Iterable[list[str]], scope: Scope) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for steps in paths:
        found: Any = scope
        for step in steps:
            if (type(found) is not dict and not isinstance(found, Mapping)) or step not in found:
                break
            found = found[step]
        else:
            _place(out, steps, found)
    return out


def _place(out: dict[str, Any], steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        if step in out and not isinstance(out[step], _Part):
            return
        out = out.setdefault(step, _Part())
    out.setdefault(steps[-1], value)


class _Part(dict[str, Any]):
    """A mapping made by a projection, told apart from one that was taken whole."""


def _compile(
    node: Tree,
    path: Path,
    bound: frozenset[str],
    problems: list[TemplateProblem],
    sites: list[Site],
    doubtful: list[Site],
) -> _Leaf | _Branch | None:
    if isinstance(node, str):
        return _compile_text(node, path, bound, problems, sites, doubtful) if may_hold_expression(node) else None
    children: list[tuple[Any, _Leaf | _Branch]] = []
    if isinstance(node, dict):
        inner = bound
        if "each" in node and "do" in node:
            inner = bound | {_item_name(node, path, problems)}
            _note_each(node["each"], (*path, "each"), bound, problems, sites)
        for key, value in node.items():
            if may_change(value) and (
                found := _compile(value, (*path, key), inner if key == "do" else bound, problems, sites, doubtful)
            ):
                children.append((key, found))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            if may_change(value) and (found := _compile(value, (*path, index), bound, problems, sites, doubtful)):
                children.append((index, found))
    return _Branch(node, tuple(children)) if children else None


def may_change(value: Tree) -> bool:
    """Whether an expression could stand in this value."""
    return isinstance(value, str | dict | list)


def _item_name(node: dict[str, Any], path: Path, problems: list[TemplateProblem]) -> str:
    name = node.get("as", "item")
    if isinstance(name, str) and name.isidentifier() and name.isascii() and name not in (BUILD | SEND) - {"item"}:
        return name
    error = TemplateError(
        f"cannot be the name of an item: {name!r}", hint="write a new word, such as product", code="E020"
    )
    problems.append(TemplateProblem((*path, "as"), error))
    return "item"


def _note_each(
    node: Tree, path: Path, bound: frozenset[str], problems: list[TemplateProblem], sites: list[Site]
) -> None:
    """``each: event.items`` needs no braces; with braces it is a text like all others."""
    if not isinstance(node, str) or may_hold_expression(node):
        return
    try:
        found = expression(node)
    except TemplateError as error:
        problems.append(TemplateProblem(path, error))
        return
    if _understood(found, path, bound, problems):
        sites.append(Site.of(path, found, bound))


def _compile_text(
    node: str,
    path: Path,
    bound: frozenset[str],
    problems: list[TemplateProblem],
    sites: list[Site],
    doubtful: list[Site],
) -> _Leaf | None:
    try:
        found = scalar(node)
    except TemplateError as error:
        problems.extend(TemplateProblem(path, one) for one in (error, *error.further))
        return None
    if not _understood(found, path, bound, problems):
        doubtful.append(Site.of(path, found, bound | _strange(found, bound)))
        return None
    if found.reads.roots <= BUILD:
        return _Leaf(found, path)
    sites.append(Site.of(path, found, bound))
    return None


def _strange(found: Scalar, bound: frozenset[str]) -> frozenset[str]:
    return found.reads.roots - BUILD - SEND - bound


def _understood(found: Scalar, path: Path, bound: frozenset[str], problems: list[TemplateProblem]) -> bool:
    strange = sorted(_strange(found, bound))
    for root in strange:
        known = sorted(BUILD | SEND | bound)
        hint = did_you_mean(root, known) or f"known are {', '.join(known)}"
        problems.append(
            TemplateProblem(path, TemplateError(f"unknown name '{root}' in an expression", hint=hint, code="E021"))
        )
    return not strange


def _leaves(node: _Leaf | _Branch | None) -> Iterator[tuple[Path, Scalar]]:
    if isinstance(node, _Leaf):
        yield node.path, node.scalar
    elif node is not None:
        for _, child in node.children:
            yield from _leaves(child)


def _render(node: _Leaf | _Branch, scope: Scope, problems: list[TemplateProblem]) -> Tree:
    if isinstance(node, _Leaf):
        try:
            found = node.scalar.value(scope)
        except TemplateError as error:
            problems.extend(TemplateProblem(node.path, one) for one in _failures(node.scalar, scope) or (error,))
            return node.scalar.source
        if isinstance(found, str) and may_hold_expression(found):
            # The send would read it as an expression; nobody wrote one.
            again = "becomes a text that holds an expression itself"
            problems.append(
                TemplateProblem(node.path, TemplateError(again, hint="write the braces apart", code="E027"))
            )
        return found
    out = node.original.copy()
    for key, child in node.children:
        out[key] = _render(child, scope, problems)
    return out


def _failures(text: Scalar, scope: Scope) -> list[TemplateError]:
    """Why each of a text's expressions fails, every reason once."""
    found: dict[str, TemplateError] = {}
    for part in text.parts:
        if not isinstance(part, str):
            try:
                part.value(scope)
            except TemplateError as error:
                found.setdefault(error.message, error)
    return list(found.values())
