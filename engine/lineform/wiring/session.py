"""What a verb works with: the clock, the store, an account for each client; opened when asked for, closed together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime

from lineform.errors import LockedError
from lineform.line.account import HttpLineAccount
from lineform.model.project import Client, Project
from lineform.ports.clock import Clock
from lineform.ports.store import Store
from lineform.sandbox.control import Control
from lineform.sending.revision import declared_by
from lineform.settings import Settings
from lineform.store.copy import is_installed
from lineform.wiring.calls import CallLog
from lineform.wiring.clock import StartedClock, SystemClock
from lineform.wiring.line import line_account
from lineform.wiring.pacing import StorePace
from lineform.wiring.sandbox import offline
from lineform.wiring.store import workspace_store

MANY = 300_000
"""Friends from whom on a copy is worth its room on the disk."""


class Session:
    """One run of one verb."""

    def __init__(self, project: Project, settings: Settings, clock: Clock, control: Control | None) -> None:
        self.project = project
        self.settings = settings
        self.clock = clock
        self.control = control
        """The offline account's, where this session has one of its own."""
        self._closing = ExitStack()
        self._calls = None if settings.offline else CallLog(project.root / ".lineform")
        self._store: Store | None = None
        self._paces: dict[str, StorePace] = {}

    @property
    def store(self) -> Store:
        """The store, opened and migrated on first use. Raises what opening it raises."""
        if self._store is None:
            self._store = self._closing.enter_context(workspace_store(self.settings, self.project.root))
        return self._store

    @property
    def has_store(self) -> bool:
        """Whether there is a store worth asking: a hosted runner's own disk knows nothing of earlier runs."""
        return self.settings.store is not None or self.settings.offline or not self.settings.hosted_runner

    def account(self, client: Client, *, patience: float = 60.0) -> HttpLineAccount:
        """The client's account; the caller closes it. Raises CredentialError where its token is missing."""
        return line_account(client.spec, self.settings, self.clock, patience=patience, on_call=self._calls)

    def sending_account(self, client: Client, *, patience: float = 60.0, alone: bool = True) -> HttpLineAccount:
        """The same, for calls in numbers: where the store is shared, or this process is not `alone` with it, so is the
        pace of the account."""
        shared = None if alone and not self.store.shared else self._pace(client)
        return line_account(
            client.spec, self.settings, self.clock, patience=patience, on_call=self._calls, shared=shared
        )

    def _pace(self, client: Client) -> StorePace:
        if client.name not in self._paces:
            self._paces[client.name] = StorePace(self.store, client.name, self.clock)
            self._closing.callback(self._paces[client.name].close)
        return self._paces[client.name]

    def keep_indexes(self) -> int:
        """Makes the indexes that the attributes of all clients of this session declare, where they are not there yet,
        or have not the form that is right for so many accounts; how many."""
        declared = [declared_by(client) for client in self.project.clients.values()]
        # Most clients of an agency share one file of attributes, and each index is made once.
        indexes = {tuple(index.items()): index for words in declared for index in words.indexes}
        of_words = dict.fromkeys(word for words in declared for word in words.indexed_words)
        return self.store.keep_indexes(list(indexes.values()), list(of_words))

    def keep_copy(self, client: Client, *, make: bool = False) -> None:
        """Brings the copy of the friends up to date where there is one; where it may `make` one, it is made where the
        settings ask for it, or the client has so many friends that questions about everybody take long."""
        if self.settings.copy == "off" or (self.settings.copy == "auto" and not is_installed()):
            return
        if not self.store.copy_size and not (make and self._worth_copying(client)):
            return
        # Whoever uses it at this moment brings it up to date as well.
        with suppress(LockedError):
            self.store.refresh_copy(self.clock.now())

    def _worth_copying(self, client: Client) -> bool:
        if self.settings.copy == "auto":
            lasting = self.settings.offline or not self.settings.hosted_runner
            return lasting and self.store.count_friends(client.name).friends >= MANY
        return self.settings.copy == "on"

    def close(self) -> None:
        self._closing.close()


@contextmanager
def open_session(
    project: Project, settings: Settings, *, sandbox: bool = False, now: datetime | None = None
) -> Iterator[Session]:
    """A session over LINE, or over an offline account of its own in the workspace's ``.lineform/``.

    `now` (aware) starts the clock at another moment; the offline account's clock starts there, too.
    """
    clock = SystemClock() if now is None else StartedClock(now)
    with ExitStack() as stack:
        control = None
        if sandbox:
            # Whatever store the environment names is for real accounts: what is tried offline must not count there.
            apart = replace(settings, store=None)
            state = project.root / ".lineform" / "sandbox.db"
            running = stack.enter_context(offline(project, apart, state, now=now, freeze=False))
            settings, control = running.settings, running.control
        session = Session(project, settings, clock, control)
        stack.callback(session.close)
        yield session
