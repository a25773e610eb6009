"""``lineform keys``: who may post events for a client."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import owner_of, read_settings
from lineform.errors import UsageError
from lineform.ports.audit import AuditEntry
from lineform.serve.arrivals import key_hash
from lineform.wiring.session import Session, open_session

PREFIX = "lfk_"
"""By which a key that leaked into a repository is recognised."""


@click.group("keys")
def command() -> None:
    """Make, list and revoke the keys with which a shop's systems post events."""


@command.command("new")
@options.workspace
@options.client
@options.sandbox
@click.argument("name")
def new(workspace: Path, client: str | None, sandbox: bool, name: str) -> None:
    """Make a key for the system NAME. It is shown once, and kept as its hash alone.

    To change a key, make a new one, give it to the system, and revoke the old one.
    """
    project, owner = owner_of(workspace, client)
    key = f"{PREFIX}{secrets.token_urlsafe(32)}"
    with open_session(project, read_settings(), sandbox=sandbox) as session:
        number = session.store.add_key(owner.name, name, key_hash(key), session.clock.now())
        _note(session, owner.name, "new key", f"key {number}", name)
    click.echo(f"{owner.name}: key {number} for {name}; it is not shown again:", err=True)
    click.echo(key)


@command.command("list")
@options.workspace
@options.client
@options.sandbox
def list_(workspace: Path, client: str | None, sandbox: bool) -> None:
    """List the keys, without the keys themselves."""
    project, owner = owner_of(workspace, client)
    with open_session(project, read_settings(), sandbox=sandbox) as session:
        keys = session.store.intake_keys(owner.name)
    for key in keys:
        state = "valid" if key.revoked_at is None else f"revoked {key.revoked_at:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{key.number}  {key.name}  made {key.made_at:%Y-%m-%d %H:%M} UTC  {state}")
    if not keys:
        click.echo(f"{owner.name} has no keys")


@command.command("revoke")
@options.workspace
@options.client
@options.sandbox
@click.argument("number", type=int)
def revoke(workspace: Path, client: str | None, sandbox: bool, number: int) -> None:
    """Revoke key NUMBER: from now on it opens nothing."""
    project, owner = owner_of(workspace, client)
    with open_session(project, read_settings(), sandbox=sandbox) as session:
        if not session.store.revoke_key(owner.name, number, session.clock.now()):
            raise UsageError(f"{owner.name} has no valid key {number}", hint="lineform keys list shows them")
        _note(session, owner.name, "revoked key", f"key {number}", "")
    click.echo(f"{owner.name}: key {number} is revoked")


def _note(session: Session, account: str, action: str, subject: str, detail: str) -> None:
    actor = session.settings.actor or "lineform keys"
    session.store.note(AuditEntry(session.clock.now(), account, actor, action, subject, detail))
