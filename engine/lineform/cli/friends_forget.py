"""``lineform friends forget``: a person's right to be erased."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import acting_moment, owner_of, read_settings
from lineform.errors import BlockedError, PartialError, UsageError
from lineform.lineapi.limits import USER_ID_PATTERN
from lineform.plural import plural
from lineform.ports.audit import AuditEntry
from lineform.ports.friends import ForgetCount
from lineform.settings import FORGET_KEY
from lineform.wiring.session import open_session

_USER_ID = re.compile(USER_ID_PATTERN)
_SEARCHED = 1024 * 1024


@click.command("forget")
@options.workspace
@options.client
@click.option("--friend", "named", multiple=True, metavar="USER_ID", help="A LINE user id; may be repeated.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="A file with one LINE user id a line.",
)
@click.option("--yes", is_flag=True, help="Do not ask. It cannot be undone.")
@options.now
@options.sandbox
def forget(
    workspace: Path,
    client: str | None,
    named: tuple[str, ...],
    file: Path | None,
    yes: bool,
    now: datetime | None,
    sandbox: bool,
) -> None:
    """Erase people: their LINE user ids, all that is known of them, and the messages written for them.

    What is on its way to them is stopped. The ledger keeps numbers that mean nobody any more. So that they are not
    imported again, and get no first-time coupon again, a hash stays that only the secret in LINEFORM_FORGET_KEY
    recognises. Backups and exports made before know them still: make new ones, and delete those.
    """
    project, owner = owner_of(workspace, client)
    user_ids = _ids([*named, *(_lines(file) if file is not None else ())])
    settings = read_settings()
    start = acting_moment(project, settings, now, sandbox=sandbox)
    settings.secret(FORGET_KEY)
    if not yes:
        if not sys.stdin.isatty():
            raise BlockedError("nobody can be asked here", hint="add --yes: it cannot be undone")
        people = plural(len(user_ids), "person", "people")
        click.confirm(f"forget {people} of {owner.name}? This cannot be undone.", abort=True)
    with open_session(project, settings, sandbox=sandbox, now=start) as session:
        at = session.clock.now()
        count = session.store.forget(owner.name, user_ids, at)
        if session.control is not None:
            for user_id in {person["user"] for person in session.control.friends(owner.name)} & set(user_ids):
                session.control.delete_user(owner.name, user_id)
        detail = f"{count.friends} erased, {count.strangers} not known, {plural(count.stopped, 'call')} stopped"
        actor = settings.actor or "lineform friends forget"
        session.store.note(AuditEntry(at, owner.name, actor, "friends.forget", plural(len(user_ids), "id"), detail))
    click.echo(f"{owner.name}: {_told(count)}")
    if left := _still_in(project.root / ".lineform", user_ids):
        raise PartialError(
            f"the store has forgotten them, but these files still know them: {', '.join(str(path) for path in left)}",
            hint="delete what is only a copy (the offline account, a demo, a .part that a killed restore left); repeat "
            "the command for another store",
        )


def _lines(file: Path) -> Sequence[str]:
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"cannot read {file} as UTF-8 text") from None


def _ids(given: Sequence[str]) -> list[str]:
    """The ids, each once. What is none is told by its place: it may be somebody's name."""
    if not given:
        raise UsageError("nobody is named", hint="add --friend USER_ID or --file FILE")
    wrong = [place for place, one in enumerate(given, 1) if not _USER_ID.fullmatch(one)]
    if wrong:
        raise UsageError(
            f"number {wrong[0]} of the given ids is not a LINE user id",
            hint="it is a U and 32 digits or letters from a to f; nobody was forgotten",
        )
    return list(dict.fromkeys(given))


def _told(count: ForgetCount) -> str:
    said = f"{plural(count.friends, 'friend')} forgotten"
    if count.strangers:
        said += f", {plural(count.strangers, 'person', 'people')} not known here, who will not be imported either"
    if count.stopped:
        said += f", {plural(count.stopped, 'call')} to them stopped"
    return said


def _still_in(folder: Path, user_ids: Iterable[str]) -> list[Path]:
    """Files of the workspace that still hold one of these ids."""
    wanted = [re.escape(one.encode()) for one in user_ids]
    pattern = re.compile(b"|".join(wanted))
    longest = max(map(len, wanted))
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and _holds(path, pattern, longest)]


def _holds(path: Path, pattern: re.Pattern[bytes], longest: int) -> bool:
    rest = b""
    with path.open("rb") as file:
        while piece := file.read(_SEARCHED):
            if pattern.search(rest + piece):
                return True
            rest = piece[-longest:]
    return False
