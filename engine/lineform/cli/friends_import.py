"""``lineform friends import``: from a CSV, JSON Lines or Parquet file, or from a database of members."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import acting_moment, owner_of, read_settings
from lineform.cli.importing import Counter, Refusals, counted, introduce, spare_collector
from lineform.errors import UsageError
from lineform.journeys.book import books
from lineform.loading.friends_files import read_friends
from lineform.loading.friends_members import joined
from lineform.loading.friends_rows import FriendsFileError, Numbered, without_future
from lineform.loading.friends_sql import is_ordered, read_database
from lineform.model.project import Client
from lineform.ports.friends import ImportCount
from lineform.sending.revision import declared_by
from lineform.settings import Settings
from lineform.wiring.session import Session, open_session

_NO_ORDER = "import all of it again, or add ORDER BY with a column that tells every row apart"
CHUNK = 10_000
"""Rows that are written together: a source that breaks off in its middle keeps all chunks before."""


@click.command("import")
@options.workspace
@options.client
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--encoding", default="utf-8", show_default=True, help="A CSV file's; Excel in Japan writes cp932.")
@click.option("--from-env", metavar="NAME", help="Read the database whose SQLAlchemy URL this variable holds.")
@click.option(
    "--query-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="The SELECT for --from-env; its columns are named as those of a file.",
)
@click.option(
    "--resume-from",
    type=click.IntRange(1),
    default=1,
    metavar="ROW",
    help="Begin at this row: where an import ended early it says which. Of a query with ORDER BY alone.",
)
@click.option(
    "--refused",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write every row that is not imported, with the reason, to this CSV file; --resume-from adds to it.",
)
@options.now
@options.sandbox
def import_(
    workspace: Path,
    client: str | None,
    file: Path | None,
    encoding: str,
    from_env: str | None,
    query_file: Path | None,
    resume_from: int,
    refused: Path | None,
    now: datetime | None,
    sandbox: bool,
) -> int:
    """Add and change friends from FILE (.csv, .jsonl, .parquet), or from a database of members.

    The columns of all of them: user_id or member_id, then any of display_name, language, followed_at, blocked, tags,
    untag, route, member_id and declared attributes. A row without a user_id is about the friends who are linked
    to its member_id. An empty cell changes nothing. The same source may be imported again: what is there already is
    left alone, so an import that ended early is simply repeated, or goes on with --resume-from. A row that cannot be
    read is left out and told; where that are more than were imported, the command ends with 3. With --sandbox, its
    people also become friends of the offline account.
    """
    project, owner = owner_of(workspace, client)
    if refused is not None and file is not None and refused.resolve() == file.resolve():
        raise UsageError("--refused would write over the file that is read")
    settings = read_settings()
    at = acting_moment(project, settings, now, sandbox=sandbox)
    rows, in_order = _rows(owner, settings, file, encoding, from_env, query_file, resume_from)
    with ExitStack() as stack:
        session = stack.enter_context(open_session(project, settings, sandbox=sandbox, now=at))
        refusals = stack.enter_context(Refusals(refused, resume_from))
        counter = stack.enter_context(Counter())
        spare_collector()
        try:
            _import(session, owner, rows, refusals, counter)
        except BaseException:
            counter.close()
            if counter.taken:
                click.echo(f"{owner.name}: {counted(counter.total)} before it broke off", err=True)
                again = f"to go on after it: --resume-from {counter.row + 1}"
                click.echo(f"  {again if in_order else _NO_ORDER}", err=True)
            raise
        counter.close()
        click.echo(f"{owner.name}: {counted(counter.total)}")
        session.keep_indexes()
        session.keep_copy(owner, make=True)
    for line in refusals.lines():
        click.echo(line, err=True)
    return FriendsFileError.exit_code if refusals.count > counter.taken else 0


def _rows(
    owner: Client,
    settings: Settings,
    file: Path | None,
    encoding: str,
    from_env: str | None,
    query_file: Path | None,
    start: int,
) -> tuple[Iterator[Numbered], bool]:
    """The rows, and whether they come in the same order again."""
    declared = declared_by(owner)
    if file is not None:
        if from_env or query_file:
            raise UsageError("a file and a database are two sources", hint="name FILE, or --from-env and --query-file")
        return read_friends(file, declared, encoding=encoding, timezone=owner.timezone, start=start), True
    if from_env is None or query_file is None:
        raise UsageError("there is nothing to import", hint="name a FILE, or both --from-env and --query-file")
    try:
        query = query_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"cannot read {query_file} as UTF-8 text") from None
    if start > 1 and not is_ordered(query):
        raise UsageError(f"row {start:,} of a query without ORDER BY is another one each time", hint=_NO_ORDER)
    # Most databases take one statement without the semicolon that a person puts after it; a cursor takes no other.
    url = settings.secret(from_env)
    rows = read_database(url, query.removesuffix(";"), declared, timezone=owner.timezone, start=start)
    return rows, is_ordered(query)


def _import(session: Session, owner: Client, rows: Iterator[Numbered], refusals: Refusals, counter: Counter) -> None:
    good = refusals.without_refused(without_future(rows, session.clock.now()))
    watched = books().of(session.store, owner).watched
    while chunk := list(islice(good, CHUNK)):
        rows_read = [row for _, row in chunk]
        members = [row.member_id for row in rows_read if not row.user_id and row.member_id]
        linked = session.store.user_ids_of_members(owner.name, members) if members else {}
        friends, unlinked = joined(rows_read, linked)
        count = session.store.import_friends(owner.name, friends, session.clock.now(), watched)
        count += ImportCount(unlinked=unlinked)
        if session.control is not None:
            introduce(session.control, owner.name, friends)
        counter.add(count, len(chunk), chunk[-1][0])
