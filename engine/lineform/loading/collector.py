"""Gathers problems, so that a fault of a shared file is told once and not once for each of a hundred clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lineform.loading.sources import LayeredSource
from lineform.loading.validation import FieldProblem
from lineform.model.origin import Origin
from lineform.model.problem import Problem, Severity


@dataclass(frozen=True, slots=True)
class Told:
    """A problem, whose `client` is set where only that client sees it, and the `clients` that see it: an empty name
    among them where it is a file's own."""

    problem: Problem
    clients: frozenset[str]


class Collector:
    """Problems in the order of files and lines, each told once."""

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], tuple[Problem, set[str]]] = {}

    def add(self, problem: Problem) -> None:
        key = (problem.code, problem.message, problem.origin, problem.address, problem.severity)
        known = self._found.setdefault(key, (problem, set()))
        known[1].add(problem.client)

    def extend(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.add(problem)

    def field(self, found: FieldProblem, source: LayeredSource, *, address: str = "", client: str = "") -> None:
        """Adds what is wrong with a resource, at the place where it was written."""
        origin = (source.key_origin if found.at_key else source.origin)(found.path)
        hint = "; ".join(part for part in (found.hint, source.note(origin)) if part)
        severity = Severity.WARNING if found.warning else Severity.ERROR
        # A line that holds a secret is not shown: reports end up in logs and pull requests.
        excerpt = "" if found.code == "E107" else source.excerpt(origin)
        self.add(Problem(found.code, found.message, origin, address, client, hint, excerpt, severity))

    def has(self, code: str) -> bool:
        """Whether a problem of this code was found."""
        return any(problem.code == code for problem, _ in self._found.values())

    def told(self) -> Iterator[Told]:
        """All of them, by file, line and column, each with the clients that see it."""
        misread = {
            problem.origin
            for problem, _ in self._found.values()
            if problem.code in _MISREAD and problem.severity is Severity.ERROR and problem.origin.line
        }
        found = [
            Told(problem if len(clients) == 1 else replace(problem, client=""), frozenset(clients))
            for problem, clients in self._found.values()
            if problem.origin not in misread or problem.code[:2] == "E0"
        ]
        yield from sorted(found, key=lambda told: _order(told.problem))


_MISREAD = frozenset({"E003", "E006", "E007", "E008", "E010"})
"""Values that were not read as they were written: what is said about the same value otherwise follows from that."""


def _order(problem: Problem) -> tuple[object, ...]:
    origin: Origin = problem.origin
    return origin.file, origin.line, origin.column, problem.code, problem.message
