"""Processes that die between any two calls of their ports, those inside of a transaction included."""

from __future__ import annotations

from typing import Any

from support.delivering import Dying


class Within:
    """A store that dies before or after one of its calls, those inside of a transaction included."""

    def __init__(self, store: Any, count: list[int], at: int) -> None:
        self._store, self._args = store, (count, at)
        self._dying = Dying(store, count, at, after=True)

    def __getattr__(self, name: str) -> Any:
        if name != "together":
            return getattr(self._dying, name)
        return self._together

    def _together(self, account: str) -> Any:
        return _Opened(self._store.together(account), *self._args)


class _Opened:
    def __init__(self, opened: Any, count: list[int], at: int) -> None:
        self._opened, self._args = opened, (count, at)

    def __enter__(self) -> Any:
        count, at = self._args
        return Dying(self._opened.__enter__(), count, at, after=True)

    def __exit__(self, *details: object) -> Any:
        return self._opened.__exit__(*details)


def dying(at: int) -> Any:
    """Wraps ports so that the process dies after the call of this number; what comes before a call is the same as what
    comes after the one before it."""
    count = [0]

    def wrap(port: Any) -> Any:
        if hasattr(port, "together"):
            return Within(port, count, at)
        return Dying(port, count, at, after=True)

    return wrap
