"""Checks files that no client has: as far as that is possible without a client's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lineform.loading.clients import ReadClient
from lineform.loading.reading import Declaration, Workspace, rendered
from lineform.loading.references import References
from lineform.loading.resources import Builder, Built
from lineform.loading.selection import Found
from lineform.model.address import Address, Kind
from lineform.templates.moments import reads_of

_WORDS = frozenset({Kind.ATTRIBUTES, Kind.FORM, Kind.ROUTE, Kind.SEGMENT})
_OF_ONE_CLIENT = frozenset({"E116", "E309", "E407", "E409"})
"""Problems of files that one client has together, which nobody has."""


def check_left_over(
    left: Sequence[Found],
    client: ReadClient,
    shared: Mapping[Address, Found],
    workspace: Workspace,
    builder: Builder,
    references: References,
) -> None:
    """Collects what is wrong with files that nobody uses; `client` stands for somebody who would."""
    owners = {found.file.owner for found in left}
    for owner in sorted(owners):
        own = {found.address: found for found in left if found.file.owner == owner}
        words = {address: found for address, found in shared.items() if address.kind in _WORDS}
        built: dict[Address, Built] = {}
        for address, found in {**words, **own}.items():
            declared = found if isinstance(found, Declaration) else _rendered(found, client, workspace)
            if declared is not None:
                built[address] = builder.build(declared, client)
        found_problems = [
            (address, problem) for address in own if address in built for problem in built[address].problems
        ]
        found_problems += [
            (address, problem)
            for address, problem in references.problems(built, workspace.unread(owner), (*shared, *own))
            if address in own and problem.code not in _OF_ONE_CLIENT
        ]
        for address, problem in found_problems:
            workspace.collector.field(problem, built[address].source, address=str(address))


def _rendered(found: Found, client: ReadClient, workspace: Workspace) -> Declaration | None:
    """What a template file declares, where that does not depend on a client's values."""
    if isinstance(found, Declaration) or "values" in reads_of(found.tree).roots:
        return None
    return rendered(found, client.scope, client.name, workspace)
