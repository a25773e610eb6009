"""What an import shows while it runs, and what it says about the rows that it could not take."""

from __future__ import annotations

import csv
import gc
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import click

from lineform.errors import UsageError
from lineform.loading.friends_rows import Numbered, RefusedRow, protected
from lineform.plural import plural
from lineform.ports.friends import FriendRow, ImportCount
from lineform.report.terminal import printable
from lineform.sandbox.control import Control

_HEADER = ("row", "column", "reason", "hint")
SHOWN = 20
"""Refused rows that are listed; the rest is counted."""


def spare_collector() -> None:
    """What is loaded up to now stays until this process ends. Without this, Python's collector looks through all of it
    again for every few ten thousand rows, and takes a tenth of an import."""
    gc.freeze()


class Counter:
    """Adds up what was imported; on a terminal, one line shows it while it grows. Used with ``with``."""

    def __init__(self) -> None:
        self.total = ImportCount()
        self.taken = 0
        self.row = 0
        """The number of the last row that was written, or refused before it."""
        self._live = sys.stderr.isatty()

    def add(self, count: ImportCount, rows: int, last: int) -> None:
        """A part that was written, how many rows it had, and the last one's number."""
        self.taken += rows
        self.row = last
        self.show(self.total + count)

    def show(self, total: ImportCount) -> None:
        """Everything that was written up to now."""
        self.total = total
        if self._live:
            seen = total.added + total.changed + total.unchanged + total.forgotten + total.unlinked
            click.echo(f"\r\x1b[K{plural(seen, 'friend')} …", nl=False, err=True)

    def close(self) -> None:
        if self._live:
            click.echo("\r\x1b[K", nl=False, err=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Progress:
    """On a terminal, one line that says how far something is; silent elsewhere. Used with ``with``."""

    def __init__(self, words: str, what: str = "friend") -> None:
        self._words, self._what = words, what
        self._live = sys.stderr.isatty()

    def __call__(self, count: int) -> None:
        if self._live:
            click.echo(f"\r\x1b[K{plural(count, self._what)} {self._words} …", nl=False, err=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            click.echo("\r\x1b[K", nl=False, err=True)


class Refusals:
    """Rows that are not imported: the first are kept to be listed, all are written to `path` where there is one."""

    def __init__(self, path: Path | None, start: int = 1) -> None:
        """An import that goes on at row `start` keeps what the file says of the rows before."""
        self.count = 0
        self._path = path
        self._start = start
        self._first: list[RefusedRow] = []
        self._file: IO[str] | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        if self._path is not None:
            before = _refused_before(self._path, self._start)
            # Excel takes a file for UTF-8 only where it begins with this mark.
            self._file = self._path.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerows((_HEADER, *before))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def without_refused(self, rows: Iterable[Numbered]) -> Iterator[tuple[int, FriendRow]]:
        """The rows that can be imported; the others are noted on the way."""
        for number, row in rows:
            if isinstance(row, RefusedRow):
                self._note(row)
            else:
                yield number, row

    def _note(self, row: RefusedRow) -> None:
        self.count += 1
        if len(self._first) < SHOWN:
            self._first.append(row)
        if self._writer is not None:
            self._writer.writerow([row.row, *(protected(text) for text in (row.column, row.reason, row.hint))])

    def lines(self) -> list[str]:
        """What a person is told about them; nothing where there are none."""
        if not self.count:
            return []
        lines = [f"not imported: {plural(self.count, 'row')}"]
        for row in self._first:
            where = f"row {row.row}" + (f", {row.column}" if row.column else "")
            hint = f" ({row.hint})" if row.hint else ""
            lines.append(printable(f"  {where}: {row.reason}{hint}"))
        rest = self.count - len(self._first)
        if rest and self._path is None:
            lines.append(f"  and {rest:,} more; --refused FILE writes them all")
        elif self._path is not None:
            lines.append(f"  {f'and {rest:,} more; ' if rest else ''}all of them are in {self._path}")
        return lines


def _refused_before(path: Path, start: int) -> list[list[str]]:
    """What an earlier part of this import wrote of the rows before `start`; nothing where this is the first part.
    Raises `UsageError` where the file holds anything else."""
    if start == 1 or not path.exists():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = [*csv.reader(file)] or [[*_HEADER]]
            if header == [*_HEADER]:
                return [row for row in rows if int(row[0]) < start]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, IndexError):
        pass
    raise UsageError(f"{path} is no list of rows that an import refused", hint="name another file with --refused")


def counted(count: ImportCount) -> str:
    """What an import came to, in words."""
    said = f"{count.added:,} added, {count.changed:,} changed, {count.unchanged:,} unchanged"
    if count.forgotten:
        said += f"; left out: {plural(count.forgotten, 'person', 'people')} who asked to be forgotten"
    if count.gone:
        said += (
            f"; {plural(count.gone, 'friend')} not in LINE's list any more, from now on counted as blocking the account"
        )
    if count.unlinked:
        said += f"; left out: {plural(count.unlinked, 'row')} about members to whom no friend is linked"
    return said


def introduce(control: Control, account: str, rows: Sequence[FriendRow]) -> None:
    """Makes people friends of the offline account, so that it delivers what is sent to them."""
    known = {person["user"] for person in control.friends(account)}
    people: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.user_id not in known:
            name = {"displayName": row.display_name} if row.display_name else {}
            relation = "blocked" if row.blocked else "friend"
            people[row.user_id] = {"user_id": row.user_id, "relation": relation, **name}
    if people:
        control.add_friends(account, list(people.values()))
