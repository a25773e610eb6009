"""Whose a problem is: of one client alone, or of whoever may use the file.

One client's fault must stay its own: nobody else's menus and messages wait for it. What is wrong with a shared file
stops everybody, because any client may use it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from lineform.loading.collector import Told
from lineform.loading.reading import Workspace
from lineform.loading.resources import parse_address
from lineform.loading.selection import Found
from lineform.loading.workspace import client_of
from lineform.model.address import Address, Kind
from lineform.model.problem import Problem, Severity
from lineform.model.project import Client


@dataclass(slots=True)
class Having:
    """Which client has what, and what of it could not be built."""

    selected: dict[str, Mapping[Address, Found]] = field(default_factory=dict)
    overridden: dict[str, Collection[str]] = field(default_factory=dict)
    """The addresses of which a client has it otherwise than it is written."""
    unbuilt: dict[str, frozenset[Address]] = field(default_factory=dict)
    """Of the clients that lack something which they select."""

    def as_written(self, text: str) -> frozenset[str]:
        """The clients that have the shared resource of this address as its file says it."""
        address = parse_address(text)
        if address is None:
            return frozenset()
        having = ((name, selected.get(address)) for name, selected in self.selected.items())
        shared = (name for name, found in having if found is not None and not found.file.owner)
        return frozenset(name for name in shared if text not in self.overridden[name])


@dataclass(frozen=True, slots=True)
class Faulty:
    """A client of whom something is wrong. `settled` is the client where its own settings and the words about its
    friends are known nevertheless: enough to send what was armed. Its resources are those that could be read."""

    problems: tuple[Problem, ...]
    settled: Client | None


def owners(told: Told, workspace: Workspace, having: Having) -> frozenset[str]:
    """The clients whose problem it is; nobody where it may be anybody's."""
    problem = told.problem
    if owner := workspace.owner(problem.origin.file):
        return told.clients - {""} | {owner}
    if "" not in told.clients and having.as_written(problem.address) - told.clients:
        # Others read the same file and see nothing wrong with it.
        return told.clients
    return frozenset()


def faulty(name: str, problems: Iterable[Problem], client: Client | None, unbuilt: Collection[Address]) -> Faulty:
    """The client with its problems, as far as it was read."""
    found = tuple(problems)
    errors = [problem for problem in found if problem.severity is Severity.ERROR]
    settled = client is not None and not any(_unsettles(problem, name) for problem in errors)
    if any(address.kind is Kind.ATTRIBUTES for address in unbuilt):
        settled = False
    return Faulty(found, client if settled else None)


def _unsettles(problem: Problem, name: str) -> bool:
    """Whether a client's settings, or the words about its friends, are not known for this problem."""
    if not problem.address:
        file = problem.origin.file
        return "/" not in file.partition("/")[2] and client_of(file) == name
    return problem.address == f"{Kind.CLIENT}.{name}" or problem.address.startswith(f"{Kind.ATTRIBUTES}.")


def by_client(found: Iterable[tuple[Problem, frozenset[str]]]) -> Mapping[str, list[Problem]]:
    """The problems of clients that have an error; what is anybody's is left out."""
    out: dict[str, list[Problem]] = {}
    for problem, whose in found:
        for name in sorted(whose):
            out.setdefault(name, []).append(problem)
    return {name: few for name, few in out.items() if any(one.severity is Severity.ERROR for one in few)}
