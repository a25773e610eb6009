"""The offline LINE account in this process, with an account for each client of the workspace."""

from __future__ import annotations

import hashlib
import importlib
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from lineform.errors import LineformError
from lineform.model.project import Project
from lineform.sandbox.control import Control
from lineform.settings import Settings

PLAN_LIMIT = 5000
"""Messages a month of an offline account whose client declares no price plan: LINE's light plan in Japan."""


class Served(Protocol):
    """A sandbox's server."""

    origin: str

    @property
    def failure(self) -> LineformError | None:
        """What the disk refused to keep; None where it took everything."""
        ...


@dataclass(frozen=True, slots=True)
class Offline:
    """A running sandbox: `settings` point at it and hold its tokens; `control` moves its clock and its people."""

    settings: Settings
    control: Control


@contextmanager
def offline(
    project: Project,
    settings: Settings,
    state_file: Path | None,
    *,
    now: datetime | None = None,
    freeze: bool = True,
    seed: int | None = None,
) -> Iterator[Offline]:
    """Runs the sandbox until the block ends. State stays in `state_file`; without one it is forgotten.

    `now` sets the sandbox's clock, standing still unless `freeze` is false; without it, its clock is the machine's.
    """
    if state_file is not None:
        state_file.parent.mkdir(parents=True, exist_ok=True)
    with _server(state_file, seed) as server, _disk_first(server):
        control = Control(server.origin)
        if now is None:
            control.real_clock()
        else:
            control.set_clock(now, freeze=freeze)
        tokens = _accounts(project, control)
        environment = {**settings.environment, **tokens}
        yield Offline(replace(settings, line_origin=server.origin, environment=environment), control)


def enlist(project: Project, state_file: Path) -> dict[str, str]:
    """An account for each client in a state that no sandbox is using; its token, channel secret and keys by the
    names of their variables."""
    state_file.parent.mkdir(parents=True, exist_ok=True)
    with _server(state_file) as server, _disk_first(server):
        return _accounts(project, Control(server.origin))


@contextmanager
def _disk_first(server: Served) -> Iterator[None]:
    """Raises what the disk refused to keep of the offline account, whatever else came of it."""
    try:
        yield
    except LineformError as error:
        if server.failure is None:
            raise
        raise server.failure from error
    if server.failure is not None:
        raise server.failure


def _server(state_file: Path | None, seed: int | None = None) -> AbstractContextManager[Served]:
    # Its packages are an extra (`lineform[sandbox]`), and take a while to load: only who tries things out needs them.
    server: AbstractContextManager[Served] = importlib.import_module("lineform.sandbox.server").SandboxServer(
        state_file, seed=seed
    )
    return server


def _accounts(project: Project, control: Control) -> dict[str, str]:
    """An account for each client, made where it is missing, with a fresh token to each, its channel secret, and the
    keys that sign its links."""
    existing = {account["name"] for account in control.accounts()}
    tokens = {}
    for client in project.clients.values():
        if client.name not in existing:
            limit = PLAN_LIMIT if client.plan is None else client.plan.included
            control.add_account(
                name=client.name,
                bot_id=client.spec.bot,
                token=secrets.token_urlsafe(24),
                display_name=client.spec.title,
                plan_limit=limit,
            )
        tokens[client.spec.token.env] = control.add_token(client.name)
        if client.spec.secret is not None:
            tokens[client.spec.secret.env] = control.webhook(client.name)["channel_secret"]
        if client.spec.links is not None:
            for one in (client.spec.links.key, *client.spec.links.old_keys):
                tokens[one.env] = _key(one.env)
    return tokens


def _key(variable: str) -> str:
    """A key for links of offline accounts. Always the same, so that a later command reads what an earlier one signed;
    no secret, because nobody real is there."""
    return hashlib.sha256(f"lineform sandbox\n{variable}".encode()).hexdigest()
