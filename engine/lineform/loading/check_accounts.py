"""Two clients with one account: each would send the same to the same friends, and neither would know of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lineform.loading.documents import Document
from lineform.model.origin import Path
from lineform.model.problem import Problem

_OWN: tuple[tuple[Path, str], ...] = (
    (("bot",), "bot"),
    (("token", "env"), "token"),
    (("secret", "env"), "channel secret"),
)
"""What no two accounts have in common, and what it is called."""


def account_problems(clients: Mapping[str, Document], chosen: Sequence[str]) -> Iterator[Problem]:
    """What one of the chosen clients has in common with another client and must not."""
    for path, word in _OWN:
        holders: dict[str, list[str]] = {}
        for name in sorted(clients):
            value = _at(clients[name].value, path)
            if isinstance(value, str):
                holders.setdefault(value, []).append(name)
        for value, names in holders.items():
            if len(names) > 1:
                yield from _told(path, f"{word} {value}", names, clients, chosen)


def _told(
    path: Path, what: str, names: Sequence[str], clients: Mapping[str, Document], chosen: Sequence[str]
) -> Iterator[Problem]:
    first, second = names[:2]
    # The first one by name is told only where nobody else is asked about.
    told = [name for name in names[1:] if name in chosen] or [name for name in names if name in chosen]
    for name in told:
        document = clients[name]
        origin = document.origin(path)
        message = f"the {what} is that of the client '{second if name == first else first}' as well"
        hint = (
            "a client's file is one LINE account, and both would send to the same friends; 'lineform doctor' tells "
            "which bot a token belongs to"
        )
        yield Problem("E122", message, origin, "", name, hint, document.excerpt(origin))


def _at(tree: object, path: Path) -> object:
    for step in path:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree
