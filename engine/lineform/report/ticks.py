"""What a run did, for people and for machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from lineform.plural import plural
from lineform.report.entries import Entry, entry_data, numbers, reasons, tint
from lineform.report.failures import (
    NONE,
    Failures,
    failed_count,
    failures_data,
    failures_markdown,
    failures_text,
)
from lineform.report.markdown import SUMMARY, Limit, code, escaped, first_that_fits
from lineform.report.terminal import Painter, Style, padded, printable, width
from lineform.sending.due import Due

FORMAT_VERSION: Final = 1


class Tick(Protocol):
    """One run over one client."""

    @property
    def client(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def entries(self) -> Sequence[Entry]: ...
    @property
    def next_due(self) -> tuple[str, Due] | None: ...
    @property
    def halted(self) -> str: ...
    @property
    def dry_run(self) -> bool: ...
    @property
    def exit_code(self) -> int: ...


def tick_text(reports: Iterable[Tick], *, failures: Failures = NONE, colour: bool = False) -> str:
    """Every client with its occurrences, in columns; then those whose run failed."""
    paint = Painter(colour)
    blocks = ["\n".join(_client(report, paint)) for report in reports]
    return "\n".join(blocks + failures_text(failures, paint)) or "no clients"


def _client(report: Tick, paint: Painter) -> list[str]:
    dry = " (dry run: nothing is written, nothing is sent)" if report.dry_run else ""
    lines = [f"{paint(report.client, Style.BOLD)} at {_minute(report.at)}{dry}"]
    if report.halted:
        lines.append(f"  {paint('halted', Style.BOLD, Style.RED)} by {printable(report.halted)}: nothing is sent")
    names = max((width(entry.address) for entry in report.entries), default=0)
    keys = max((width(entry.key) for entry in report.entries), default=0)
    for entry in report.entries:
        lines += _entry(entry, names, keys, paint)
    if not report.entries and not report.halted:
        lines.append("  nothing is due")
    if report.next_due is not None:
        address, due = report.next_due
        lines.append(paint(f"  next: {address} at {due.key}", Style.DIM))
    return lines


def _entry(entry: Entry, names: int, keys: int, paint: Painter) -> list[str]:
    head = f"  {padded(entry.address, names)}  {padded(entry.key, keys)}  "
    said = numbers(entry)
    lines = [f"{head}{paint(padded(entry.outcome, _OUTCOME), tint(entry))}  {said}".rstrip()]
    if why := printable(reasons(entry)):
        lines.append(f"      {why}")
    if entry.hint:
        lines.append(f"      {paint('→', Style.GREEN)} {printable(entry.hint)}")
    return lines


_OUTCOME: Final = len("would send")


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def tick_json(reports: Iterable[Tick], *, failures: Failures = NONE) -> str:
    """One JSON object; keys only ever get more."""
    value = {
        "format_version": FORMAT_VERSION,
        "clients": [_data(report) for report in reports],
        "failures": failures_data(failures),
    }
    return json.dumps(value, ensure_ascii=False, indent=2)


def _data(report: Tick) -> dict[str, object]:
    due = report.next_due
    return {
        "client": report.client,
        "at": report.at.isoformat(),
        "dry_run": report.dry_run,
        "halted_by": report.halted,
        "exit_code": report.exit_code,
        "entries": [entry_data(entry) for entry in report.entries],
        "next": None if due is None else {"address": due[0], "occurrence": due[1].key, "at": due[1].at.isoformat()},
    }


def tick_markdown(reports: Iterable[Tick], *, failures: Failures = NONE, limit: Limit = SUMMARY) -> str:
    """A table of every occurrence, for the summary of a step; the gravest first where not all of them fit."""
    found = list(reports)
    rows = [(entry.exit_code, _row(report, entry)) for report in found for entry in report.entries]
    rows.sort(key=lambda row: -row[0])
    counted = Counter(str(entry.outcome) for report in found for entry in report.entries)
    counts = ", ".join(f"{count:,} {word}" for word, count in counted.items()) or (
        "" if failures else "nothing was due"
    )
    counts = ", ".join(part for part in (counts, failed_count(failures) if failures else "") if part)
    failed = f"{failures_markdown(failures)}\n\n" if failures else ""
    halts = [f"> **{escaped(r.client)}** is halted by {escaped(r.halted)}.\n\n" for r in found if r.halted]
    table = "| client | campaign | occurrence | outcome | | why |\n|---|---|---|---|---|---|\n" if rows else ""
    head = f"### lineform run: {counts}\n\n{failed}" + "".join(halts)

    def text(count: int) -> str:
        more = f"\n… and {plural(len(rows) - count, 'more row')}.\n" if count < len(rows) else ""
        return head + table + "".join(row for _, row in rows[:count]) + more

    return first_that_fits(limit, text, len(rows))


def _row(report: Tick, entry: Entry) -> str:
    outcome = f"**{escaped(entry.outcome)}**" if entry.exit_code else escaped(entry.outcome)
    why = escaped(". ".join(part for part in (reasons(entry), entry.hint) if part))
    cells = (escaped(report.client), code(entry.address, cell=True), escaped(entry.key), outcome)
    return f"| {' | '.join([*cells, escaped(numbers(entry)), why])} |\n"
