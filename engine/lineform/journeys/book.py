"""What is armed and acts on what happens to single friends, read from the store once and kept by its digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Final

from lineform.errors import StaleError
from lineform.model.address import Kind
from lineform.model.project import Client
from lineform.ports.ledger import Revision
from lineform.ports.store import Store
from lineform.scenarios.answering import HEARS, Armed
from lineform.scenarios.armed import read_form, read_reply, read_route
from lineform.scenarios.happening import What
from lineform.scenarios.menu_rules import read_menu_rules
from lineform.scenarios.profiles import reads_profile
from lineform.scenarios.replies import Reply
from lineform.scenarios.script import Script, read_script
from lineform.segments.declared import Declared
from lineform.sending.revision import declared_by

Reader = Callable[[str, str, Mapping[str, Any], datetime], Any]
"""Reads an armed revision: its address, its digest, its body, and since when it has been armed without a gap. Raises
StaleError where another version of lineform armed it otherwise."""

READERS: Final[Mapping[Kind, Reader]] = {
    Kind.SCENARIO: read_script,
    Kind.REPLY: read_reply,
    Kind.FORM: read_form,
    Kind.ROUTE: read_route,
    Kind.MENU_RULES: read_menu_rules,
}
"""The kinds that react to happenings, each with what reads it: a new kind is one line here."""

_ANSWERS: Final[Mapping[Kind, frozenset[What]]] = {
    Kind.REPLY: frozenset({What.TEXT, What.MESSAGE, What.POSTBACK}),
    Kind.FORM: HEARS,
    Kind.ROUTE: frozenset({What.FOLLOW, What.ROUTE}),
    Kind.MENU_RULES: frozenset({What.FOLLOW}),
}
"""What the kinds answer at once; a scenario says it itself."""

_KEPT = 512


@dataclass(frozen=True, slots=True)
class Stale:
    """An armed revision that this version cannot read."""

    address: str
    error: StaleError


@dataclass(frozen=True)
class Book:
    """Everything that is armed of one client, by address, as it was read."""

    entries: Mapping[str, Any]
    stale: tuple[Stale, ...] = ()
    words: Declared = field(default_factory=Declared)
    by_profile: frozenset[str] = frozenset()
    """Addresses of those that read what LINE's profile tells of a friend."""

    def of(self, kind: Kind) -> Mapping[str, Any]:
        """The armed resources of one kind, by name."""
        prefix = f"{kind}."
        return {address[len(prefix) :]: one for address, one in self.entries.items() if address.startswith(prefix)}

    @cached_property
    def scripts(self) -> Mapping[str, Script]:
        """The armed scenarios, by name."""
        return self.of(Kind.SCENARIO)

    @cached_property
    def answering(self) -> Armed:
        """What answers friends: replies, forms and entry routes."""
        replies: Mapping[str, Reply] = self.of(Kind.REPLY)
        return Armed(tuple(replies.values()), self.of(Kind.FORM), self.of(Kind.ROUTE))

    @cached_property
    def watched(self) -> frozenset[tuple[What, str]]:
        """Kinds and names of happenings that a scenario looks at; an empty name stands for all of the kind."""
        return frozenset(one for script in self.scripts.values() for one in script.watched)

    @cached_property
    def profile_readers(self) -> frozenset[What]:
        """The kinds of happenings that are answered by something that reads a profile."""
        found: set[What] = set()
        for address in self.by_profile:
            entry = self.entries[address]
            watched = {what for what, _ in entry.watched} if isinstance(entry, Script) else ()
            found |= _ANSWERS.get(Kind(address.partition(".")[0]), frozenset()).union(watched)
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Read:
    """An armed revision as it was read, and whether it reads a profile."""

    entry: Any
    by_profile: bool


class Books:
    """Reads armed revisions, and keeps what was read: bodies never change."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, str, str, datetime], _Read] = {}
        self._books: dict[str, tuple[Any, Book]] = {}

    def of(self, store: Store, client: Client) -> Book:
        """The book of one client as of now."""
        armed = [one for one in store.armed(client.name) if one.address.partition(".")[0] in READERS]
        key = (tuple((one.address, one.digest, one.armed_at) for one in armed), id(client))
        known = self._books.get(client.name)
        if known is not None and known[0] == key:
            return known[1]
        read: dict[str, _Read] = {}
        stale: list[Stale] = []
        for one in armed:
            try:
                read[one.address] = self._entry(client.name, one)
            except StaleError as error:
                stale.append(Stale(one.address, error))
        entries = {address: one.entry for address, one in read.items()}
        by_profile = frozenset(address for address, one in read.items() if one.by_profile)
        book = Book(entries, tuple(stale), declared_by(client), by_profile)
        self._books[client.name] = (key, book)
        return book

    def earlier(self, store: Store, account: str, script: Script, version: str) -> Script | None:
        """An earlier version of an armed scenario; None where nobody knows it, or it cannot be read any more."""
        found = store.version_of(account, script.address, version)
        if found is None:
            return None
        key = (account, script.address, found[0], script.since)
        if key not in self._read:
            try:
                self._keep(key, read_script(script.address, found[0], found[1], script.since), found[1])
            except StaleError:
                return None
        earlier: Script = self._read[key].entry
        return earlier

    def _entry(self, account: str, armed: Revision) -> _Read:
        since = armed.since or armed.armed_at
        key = (account, armed.address, armed.digest, since)
        if key not in self._read:
            read = READERS[Kind(armed.address.partition(".")[0])]
            self._keep(key, read(armed.address, armed.digest, armed.body, since), armed.body)
        return self._read[key]

    def _keep(self, key: tuple[str, str, str, datetime], entry: Any, body: Mapping[str, Any]) -> None:
        while len(self._read) >= _KEPT:
            del self._read[next(iter(self._read))]
        self._read[key] = _Read(entry, reads_profile(body))


@lru_cache(maxsize=1)
def books() -> Books:
    """The one that this process keeps."""
    return Books()
