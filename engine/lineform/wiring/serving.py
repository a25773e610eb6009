"""From a session to a running server: every client with its secrets, its account and its readers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from starlette.types import ASGIApp

from lineform.errors import CredentialError, LineformError, UsageError
from lineform.hooks.calls import Hooks
from lineform.line.signature import ChannelSignature
from lineform.loading.events_rows import EventReader, read_batch, refused
from lineform.loading.friends_rows import FriendsFileError
from lineform.model.project import Client, Project
from lineform.scenarios.shop import ShopEvent
from lineform.sending.links import LinkKeys
from lineform.sending.revision import declared_by
from lineform.serve.app import Parts, create_app
from lineform.serve.logs import Form, configure
from lineform.serve.options import EventsRefused, Problem, Served, ServeOptions
from lineform.settings import Settings
from lineform.wiring.doors import door_of, following_of
from lineform.wiring.failing import Fail, at_client
from lineform.wiring.hooks import hooks_of
from lineform.wiring.links import link_keys
from lineform.wiring.owners import owner_is_gone
from lineform.wiring.session import Session, open_session
from lineform.wiring.ticking import ALSO


@dataclass(frozen=True, slots=True)
class OneOfSeveral:
    """The application of one process of several, made where it is called. All of them, and those that are started again
    later, serve the workspace as it was read once."""

    project: Project
    settings: Settings = field(repr=False)
    options: ServeOptions
    logs: Form
    unsure: frozenset[str] = frozenset()
    """Clients whose settings are not sure."""

    def __call__(self) -> ASGIApp:
        configure(self.logs)
        stack = ExitStack()
        session = stack.enter_context(open_session(self.project, self.settings))
        # What is wrong with single clients was said once, before the first of these processes.
        parts = parts_of(session, self.unsure, fail=lambda *_: None, alone=False)
        return create_app(replace(parts, close=stack.close), self.options)


def raised(_: str, error: LineformError) -> None:
    """Lets one client's failure end everything."""
    raise error


def parts_of(session: Session, unsure: Collection[str] = (), *, fail: Fail = raised, alone: bool = True) -> Parts:
    """Everything that a server of this session's clients is made of; `alone` where no other process of this machine
    serves the same. Nothing is served of the `unsure`, whose settings are not sure, nor of a client for whom `fail` is
    given a CredentialError, as a secret is not in the environment, or a UsageError, as it declares none."""
    store = session.store  # what is wrong with it is nobody's own
    served, keys, unserved = [], dict[str, LinkKeys](), {*unsure}
    for client in session.project.clients.values():
        try:
            with at_client(client):
                one = _served(session, client, alone=alone)
                keys |= _keys_of(session, client)
        except LineformError as error:
            fail(client.name, error)
            unserved.add(client.name)
            # Links of messages that were sent lead on where their keys are there; that something is missing was told.
            with suppress(CredentialError):
                keys |= _keys_of(session, client)
        else:
            served.append(one)
    doors = {
        one.name: door for one in served if (door := door_of(one.client, one.account, keys.get(one.name))) is not None
    }
    return Parts(
        served,
        store,
        session.clock,
        Hooks(),
        following_of(doors),
        ALSO,
        keys,
        owner_is_gone,
        doors,
        frozenset(unserved),
    )


def _keys_of(session: Session, client: Client) -> dict[str, LinkKeys]:
    """The keys of a client's links by its name, which a redirect reads tokens with; nothing where it has no links.
    Raises CredentialError where one is missing."""
    keys = link_keys(client.spec, session.settings)
    return {} if keys is None else {client.name: keys()}


def _served(session: Session, client: Client, *, alone: bool) -> Served:
    secret = client.spec.secret
    if secret is None:
        raise UsageError(
            f"the client '{client.name}' declares no channel secret, by which LINE's webhook is known",
            hint="write secret: {env: NAME} in its file, or leave it out with --client",
        )
    value = session.settings.secret(secret.env)
    if not value.isascii() or len(value) < 16:
        raise CredentialError(f"the value of {secret.env} cannot be a channel secret", hint="Paste it again.")
    return Served(
        client,
        ChannelSignature(value),
        session.sending_account(client, alone=alone),
        reader_of(client),
        hooks_of(client, session.settings),
        link_keys(client.spec, session.settings),
    )


def reader_of(client: Client) -> Callable[[bytes, datetime, int], Sequence[ShopEvent]]:
    """What reads the events of a request by what the client has declared."""
    reader = EventReader(declared_by(client), client.timezone)

    def read(body: bytes, now: datetime, most: int) -> Sequence[ShopEvent]:
        try:
            rows = read_batch(body, reader, now, most)
        except FriendsFileError as wrong:
            raise EventsRefused(f"{wrong.message}{f'; {wrong.hint}' if wrong.hint else ''}") from None
        if problems := [Problem(one.row, one.column, one.reason, one.hint) for one in refused(rows)]:
            raise EventsRefused(f"{len(problems)} of {len(rows)} events are wrong, and none was taken", problems)
        return [event for _, event in rows if isinstance(event, ShopEvent)]

    return read
