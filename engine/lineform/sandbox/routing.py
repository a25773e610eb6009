"""Which handler answers a method and path. Paths must match exactly, as LINE announced in August 2026."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call
from lineform.sandbox.world import World

Handler = Callable[[World, Account, Call], Answer]
OpenHandler = Callable[[World, Call], Answer]

TWO_MEGABYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `template` is LINE's path with `{names}`; an `open_handler` needs no token."""

    method: str
    template: str
    handler: Handler | None = None
    open_handler: OpenHandler | None = None
    retry_key: bool = False
    max_body: int = TWO_MEGABYTES


@dataclass(frozen=True, slots=True)
class Match:
    """The operation of a call, and the ids that stand in its path."""

    route: Route
    params: dict[str, str]


class Routes:
    """Fixed paths are looked up at once; those with ids by their shape, fixed words before ids."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._fixed: dict[tuple[str, str], Route] = {}
        self._shaped: dict[int, list[tuple[list[str], Route]]] = {}
        for route in routes:
            if "{" in route.template:
                parts = route.template.split("/")
                self._shaped.setdefault(len(parts), []).append((parts, route))
            else:
                self._fixed[route.method, route.template] = route
        self._fixed_paths = {path for _, path in self._fixed}
        for group in self._shaped.values():
            group.sort(key=lambda entry: [part.startswith("{") for part in entry[0]])

    def find(self, method: str, path: str) -> Match | None:
        fixed = self._fixed.get((method, path))
        if fixed is not None:
            return Match(fixed, {})
        if path in self._fixed_paths and not self._shapes(path):
            return None
        for route, params in self._shapes(path):
            if route.method == method:
                return Match(route, params)
        return None

    def knows(self, path: str) -> bool:
        """Whether some method is served there, or would be if an id in the path were not empty."""
        return path in self._fixed_paths or bool(self._shapes(path, empty_ids=True))

    def _shapes(self, path: str, *, empty_ids: bool = False) -> list[tuple[Route, dict[str, str]]]:
        parts = path.split("/")
        found = []
        for template, route in self._shaped.get(len(parts), ()):
            params = _fit(template, parts, empty_ids=empty_ids)
            if params is not None:
                found.append((route, params))
        return found


def _fit(template: list[str], parts: list[str], *, empty_ids: bool) -> dict[str, str] | None:
    params = {}
    for want, have in zip(template, parts, strict=True):
        if want.startswith("{"):
            if not have and not empty_ids:
                return None
            params[want[1:-1]] = have
        elif want != have:
            return None
    return params
