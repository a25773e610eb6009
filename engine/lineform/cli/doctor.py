"""``lineform doctor``: whether everything that a send needs is there, before it is needed."""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import Collection, Iterator
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import click

from lineform import __version__
from lineform.cli import options
from lineform.cli.checkups import account_checks
from lineform.cli.common import errors, load, moment, read_settings, use_colour, worst
from lineform.errors import LineformError
from lineform.model.problem import InvalidError
from lineform.report.checks import Check, Verdict, checks_json, checks_text, failed
from lineform.report.gone import gone_hint, gone_said
from lineform.report.problems import tally
from lineform.settings import COPY, ORIGIN, STORE, Settings
from lineform.store.copy import Form
from lineform.store.looking import look_at_copy, look_at_store
from lineform.wiring.planned import gone_clients
from lineform.wiring.session import Session, open_session
from lineform.wiring.store import LOST_STORE, place_of_copy

_MEGABYTE = 1_000_000


@click.command("doctor")
@options.workspace
@options.clients
@options.output("text", "json")
@options.now
@options.sandbox
def command(workspace: Path, clients: tuple[str, ...], output: str, now: datetime | None, sandbox: bool) -> int:
    """Check the environment, the workspace, the store and each account. Changes nothing, and makes nothing.

    Exits with the gravest failure's code; a warning alone exits with 0.
    """
    settings = read_settings()
    loaded = load(workspace, clients)
    checks = [*_environment(settings, sandbox=sandbox)]
    counted = tally(loaded.problems)
    if loaded.project is None or errors(loaded.problems):
        checks.append(
            Check(Verdict.FAIL, "workspace", counted, "`lineform validate` shows them", InvalidError.exit_code)
        )
    else:
        verdict = Verdict.WARN if loaded.problems else Verdict.OK
        checks.append(Check(verdict, "workspace", counted, "`lineform validate` shows them" if loaded.problems else ""))
    if loaded.sound is not None:
        at = moment(loaded.sound, now)
        with open_session(loaded.sound, settings, sandbox=sandbox, now=at) as session:
            declared = None if clients else {*loaded.sound.clients, *loaded.faulty}
            checks += [*_store(session, declared), *_copy(session), *asyncio.run(_accounts(session))]
    click.echo(checks_json(checks) if output == "json" else checks_text(checks, colour=use_colour()))
    return worst(check.exit_code for check in checks)


def _environment(settings: Settings, *, sandbox: bool) -> Iterator[Check]:
    yield Check(Verdict.OK, "lineform", f"{__version__} on Python {platform.python_version()}, {sys.platform}")
    if sandbox:
        yield Check(Verdict.OK, "LINE", "the offline account of this workspace stands in for it")
    elif settings.line_origin is None:
        yield Check(Verdict.OK, "LINE", "api.line.me and api-data.line.me")
    else:
        todo = f"unset {ORIGIN} to reach LINE"
        yield Check(Verdict.WARN, "LINE", f"{settings.line_origin} stands in for it", todo)
    if find_spec("noto_cjk_sans_jp_regular") is None:
        todo = "install lineform with all of its packages again, or give every menu an image"
        yield Check(Verdict.WARN, "fonts", "the font that menus are drawn with is not installed", todo)


def _store(session: Session, declared: Collection[str] | None) -> Iterator[Check]:
    """The store, and whom it knows beside the `declared` clients; None where not all of them were asked for."""
    settings = session.settings
    url = settings.store_url(session.project.root)
    try:
        state = look_at_store(url)
    except LineformError as error:
        yield failed("store", error)
        return
    where = "PostgreSQL" if state.shared else ("an SQLite file" if settings.store else f"{url.rpartition('/')[2]}")
    if not state.version:
        yield Check(Verdict.OK, "store", f"{where}: not used yet; the first command that needs it makes it")
    elif state.version < state.newest:
        said = f"{where}: tables of version {state.version}; the next command brings them to {state.newest}"
        yield Check(Verdict.OK, "store", said)
    else:
        yield Check(Verdict.OK, "store", f"{where}: reachable, tables of version {state.version}")
        if declared is not None and session.has_store:
            for name, count in gone_clients(session, declared).items():
                yield Check(Verdict.WARN, f"{name}: file", gone_said(count), gone_hint(name))
    if state.shared:
        return
    if settings.hosted_runner and not settings.offline:
        said = f"{LOST_STORE}: this runner's disk is gone after the job, and the ledger with it"
        yield Check(Verdict.FAIL, "store", said, f"set {STORE} to a PostgreSQL store that all runs share", 4)
    elif not settings.offline:
        said = "only this machine knows what was sent: run apply and run here and nowhere else"
        yield Check(Verdict.WARN, "store", said, f"set {STORE} to a PostgreSQL store to share it")


def _copy(session: Session) -> Iterator[Check]:
    """The copy of the friends, which the store answers for in silence where it cannot be asked."""
    place = place_of_copy(session.settings, session.project.root)
    if place is None or session.settings.copy == "off":
        return
    found = look_at_copy(place)
    size = f"{found.size / _MEGABYTE:,.1f} MB"
    missing = f"{' and '.join(found.missing)} {'is' if len(found.missing) == 1 else 'are'} not installed"
    install = "pip install 'lineform[fast]'"
    match found.form:
        case Form.OURS:
            yield Check(Verdict.OK, "copy", size)
        case Form.IN_USE:
            yield Check(Verdict.OK, "copy", f"{size}; another process uses it right now")
        case Form.OTHER:
            said = f"{size}, made by another version of lineform: it is not asked, the store answers"
            yield Check(Verdict.WARN, "copy", said, "`lineform friends copy` makes it anew")
        case Form.DAMAGED:
            said = f"{size} that cannot be read: the store answers"
            yield Check(Verdict.WARN, "copy", said, "`lineform friends copy` makes it anew")
        case None if found.size:
            todo = f"{install}, or delete it with `lineform friends copy --remove`"
            yield Check(Verdict.WARN, "copy", f"{size}, which are not asked: {missing}", todo)
        case None if found.missing and session.settings.copy == "on":
            yield Check(Verdict.WARN, "copy", f"{COPY} is on, and {missing}: there can be none", install)
        case None if "DuckDB" not in found.missing and found.missing:
            # The extra `parquet` brings DuckDB alone, so that nothing may be wrong here.
            yield Check(Verdict.OK, "copy", f"none: {missing}", f"{install} for one, among very many friends")


async def _accounts(session: Session) -> list[Check]:
    return [check for client in session.project.clients.values() for check in await account_checks(session, client)]
