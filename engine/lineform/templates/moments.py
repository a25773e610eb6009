"""Which names an expression reads, and so when it can be evaluated.

``client`` and ``values`` are known when the project is built; the others only when a message is made. Nothing else
decides the moment: there is no second delimiter, and nothing to escape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import nodes

BUILD = frozenset({"client", "values"})
"""Known when the project is built."""
SEND = frozenset({"friend", "event", "item", "run", "coupon", "code", "link", "page", "items"})
"""Known only when a message is made."""


@dataclass(frozen=True, slots=True)
class Read:
    """One reading of a name: ``values.offer.percent``. `guarded` where a default or a test covers its being unknown."""

    path: str
    guarded: bool = False

    @property
    def root(self) -> str:
        return self.path.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Reads:
    """Everything that a text with expressions reads."""

    all: frozenset[Read]

    @property
    def roots(self) -> frozenset[str]:
        return frozenset(read.root for read in self.all)

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(read.path for read in self.all)

    @property
    def unguarded(self) -> frozenset[str]:
        return frozenset(read.path for read in self.all if not read.guarded)


def reads_of(tree: nodes.Node) -> Reads:
    """All names that a parsed text reads; names that it sets itself are left out."""
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx in {"store", "param"}}
    own.update({"loop"} if tree.find(nodes.For) else ())
    return Reads(frozenset(read for read in _walk(tree, frozenset()) if read.root not in own))


def chain(node: nodes.Node) -> tuple[str, ...] | None:
    """The path of a plain chain of attributes such as ``values.offer['percent']``; None for anything else."""
    steps: list[str] = []
    while not isinstance(node, nodes.Name):
        if isinstance(node, nodes.Getattr):
            steps.append(node.attr)
        elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            steps.append(node.arg.value)
        else:
            return None
        node = node.node
    return (node.name, *reversed(steps))


def _walk(node: nodes.Node, known: frozenset[str]) -> Iterator[Read]:
    if (steps := chain(node)) is not None:
        path = ".".join(steps)
        yield Read(path, _covered(path, known))
    elif isinstance(node, nodes.Filter) and node.name in {"default", "d"} and node.node is not None:
        yield from _guarded(node.node, known)
        for argument in (*node.args, *node.kwargs):
            yield from _walk(argument, known)
    elif isinstance(node, nodes.Test) and node.name in {"defined", "undefined"}:
        yield from _guarded(node.node, known)
    elif isinstance(node, nodes.CondExpr):
        yield from _walk(node.test, known)
        yield from _walk(node.expr1, known | _tested(node.test))
        if node.expr2 is not None:
            yield from _walk(node.expr2, known)
    elif isinstance(node, nodes.If):
        yield from _walk(node.test, known)
        for child in node.body:
            yield from _walk(child, known | _tested(node.test))
        for child in (*node.elif_, *node.else_):
            yield from _walk(child, known)
    elif isinstance(node, nodes.And):
        yield from _walk(node.left, known)
        yield from _walk(node.right, known | _tested(node.left))
    else:
        for child in node.iter_child_nodes():
            yield from _walk(child, known)


def _guarded(node: nodes.Node, known: frozenset[str]) -> Iterator[Read]:
    steps = chain(node)
    if steps is None:
        yield from _walk(node, known)
    else:
        yield Read(".".join(steps), guarded=True)


def _tested(test: nodes.Node) -> frozenset[str]:
    """Paths that are surely known where `test` holds: ``friend.name is defined and …``."""
    if isinstance(test, nodes.And):
        return _tested(test.left) | _tested(test.right)
    if isinstance(test, nodes.Test) and test.name == "defined" and (steps := chain(test.node)) is not None:
        return frozenset({".".join(steps)})
    return frozenset()


def _covered(path: str, known: frozenset[str]) -> bool:
    return path in known or any(path.startswith(f"{one}.") for one in known)
