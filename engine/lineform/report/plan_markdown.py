"""Plans as GitHub shows them, in a comment or a step's summary: everything where it fits, else less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

from lineform.planning.change import SILENT, Action, Change
from lineform.planning.plan import ClientPlan, PlanFile
from lineform.planning.steps import describe
from lineform.plural import plural
from lineform.report.entries import Entry, numbers, reasons
from lineform.report.failures import NONE, Failures, failed_count, failures_markdown
from lineform.report.gone import NONE as NOBODY
from lineform.report.gone import Gone, gone_markdown
from lineform.report.markdown import COMMENT, Limit, code, details, escaped, first_that_fits
from lineform.report.plan_words import (
    Budgets,
    Live,
    Outlooks,
    as_declared,
    foreign_audience_text,
    foreign_text,
    month,
    totals,
    value_text,
    waits,
)
from lineform.report.terminal import clipped, printable

_READ: Final = 300
"""Cells of a message."""


class _Depth(IntEnum):
    """How much is shown of a client."""

    COUNTS = 0
    TABLES = 1
    DETAILS = 2


def plan_markdown(
    file: PlanFile,
    live: Live,
    outlooks: Outlooks,
    *,
    failures: Failures = NONE,
    gone: Gone = NOBODY,
    budgets: Budgets | None = None,
    limit: Limit = COMMENT,
) -> str:
    """The plan for a reviewer. Where the limit does not hold it, first the unfolding blocks go, then the tables, and in
    the end whole clients, blocked ones last; what is left out is said."""
    shown = sorted((plan for plan in file.clients if _to_show(plan)), key=lambda plan: not plan.blocked)
    same = [plan.client for plan in file.clients if not _to_show(plan)]
    head = "\n\n".join(part for part in (_head(file, failures), gone_markdown(gone)) if part)
    document = _Document(
        file.made_at,
        live,
        outlooks,
        budgets or {},
        head,
        shown,
        "" if file.empty and not failures else _same(same),
    )
    for depth in (_Depth.DETAILS, _Depth.TABLES):
        text = document.text(depth, len(shown))
        if limit.holds(text):
            return text
    return first_that_fits(limit, lambda count: document.text(_Depth.COUNTS, count), len(shown))


def _to_show(plan: ClientPlan) -> bool:
    return bool(plan.changes or plan.foreign or plan.foreign_audiences or not plan.recorded)


def _head(file: PlanFile, failures: Failures) -> str:
    if not failures:
        return _compared(file)
    if file.empty:
        return f"### lineform plan: {failed_count(failures)}\n\n{failures_markdown(failures)}"
    return f"{_compared(file)}\n\n{failures_markdown(failures)}"


def _compared(file: PlanFile) -> str:
    if file.empty:
        said = as_declared(file)
        return f"### lineform plan: nothing to do\n\n{said[0].upper()}{said[1:]}."
    changing = plural(sum(not plan.empty for plan in file.clients), "client")
    blocked = any(plan.blocked for plan in file.clients)
    stop = "\n\n> [!CAUTION]\n> A client with a blocked change is not applied at all." if blocked else ""
    return f"### lineform plan: {totals(file)} ({changing})\n\ndigest `{file.digest}`{stop}"


def _same(names: Sequence[str]) -> str:
    shown = ", ".join(escaped(name) for name in names[:_NAMES])
    more = f" and {plural(len(names) - _NAMES, 'other')}" if len(names) > _NAMES else ""
    return f"No changes: {shown}{more}" if names else ""


_NAMES = 20


@dataclass(frozen=True, slots=True)
class _Document:
    now: datetime
    live: Live
    outlooks: Outlooks
    budgets: Budgets
    head: str
    shown: Sequence[ClientPlan]
    same: str

    def text(self, depth: _Depth, count: int) -> str:
        blocks = [self.head, *(self._client(plan, depth) for plan in self.shown[:count])]
        rest = len(self.shown) - count
        if rest:
            blocks.append(f"… and {plural(rest, 'more client')}: `lineform plan` shows them.")
        if depth < _Depth.DETAILS:
            blocks.append("_Shortened to fit. `lineform plan` shows everything._")
        return "\n\n".join(block for block in [*blocks, self.same] if block) + "\n"

    def _client(self, plan: ClientPlan, depth: _Depth) -> str:
        live = self.live.get(plan.client)
        account = f" · {escaped(live.bot.display_name)} {code(live.bot.basic_id)}" if live else ""
        head = f"#### {escaped(plan.client)}{account}"
        if depth is _Depth.COUNTS:
            counts = ", ".join(f"{count} {action.word}" for action, count in plan.counts.items())
            return f"{head}\n\n{counts or 'no changes'}"
        entries = self.outlooks.get(plan.client, ())
        blocks = [head, _changes(plan), _sends(entries)]
        if live is not None and entries:
            blocks.append(escaped(month(live, entries, self.now, self.budgets.get(plan.client))))
        if not plan.recorded:
            blocks.append("Campaigns and audiences were not compared: no store was asked.")
        if depth is _Depth.DETAILS:
            blocks += [_read(entries), _differences(plan.changes), _steps(plan), _foreign(plan)]
        return "\n\n".join(block for block in blocks if block)


def _changes(plan: ClientPlan) -> str:
    if not plan.changes:
        return ""
    rows = ["| | | |", "|---|---|---|"]
    for change in plan.changes:
        word = f"**{change.action.word}**" if change.action is Action.BLOCKED else change.action.word
        name = f"{word} {change.code}".strip()
        hint = f". {change.hint}" if change.hint else ""
        quiet = change.action in SILENT
        why = escaped(f"{change.reason}{hint}")
        said = f"{name}: {why}"
        rows.append(
            f"| `{change.action.value}` | {code(change.address, cell=True)} | {f'_{said}_' if quiet else said} |"
        )
    return "\n".join(rows)


def _sends(entries: Sequence[Entry]) -> str:
    if not entries:
        return ""
    rows = ["| campaign | next | | |", "|---|---|---|---|"]
    for entry in entries:
        outcome = f"**{escaped(entry.outcome)}**" if entry.exit_code else escaped(entry.outcome)
        said = " · ".join(part for part in (numbers(entry), reasons(entry), entry.hint) if part)
        rows.append(f"| {code(entry.address, cell=True)} | {escaped(entry.key)} | {outcome} | {escaped(said)} |")
    return "\n".join(rows)


def _read(entries: Sequence[Entry]) -> str:
    """What friends read, for whoever reviews it."""
    said = [(entry.address, clipped(printable(text), _READ)) for entry in entries for text in entry.reads]
    lines = [f"- {code(address)}: {escaped(text)}" for address, text in said]
    return details(f"What friends read: {plural(len(lines), 'message')}", "\n".join(lines)) if lines else ""


def _differences(changes: Sequence[Change]) -> str:
    lines = [
        f"- {code(change.address)} {code(found.path)}: {_side(found.before)} → {_side(found.after)}"
        for change in changes
        for found in change.details
    ]
    return details(plural(len(lines), "difference"), "\n".join(lines)) if lines else ""


def _side(value: Any) -> str:
    return code(value_text(value))


def _steps(plan: ClientPlan) -> str:
    if not plan.steps:
        return ""
    wait = waits(plan)
    lines = [f"{number}. {escaped(describe(step))}" for number, step in enumerate(plan.steps, start=1)]
    return details(plural(len(plan.steps), "step") + (f", {wait}" if wait else ""), "\n".join(lines))


def _foreign(plan: ClientPlan) -> str:
    menus = [f"- {escaped(foreign_text(menu))}" for menu in plan.foreign]
    audiences = [f"- {escaped(foreign_audience_text(audience))}" for audience in plan.foreign_audiences]
    return "\n\n".join(
        details(f"{plural(len(lines), noun)} of others, left alone", "\n".join(lines))
        for noun, lines in (("menu", menus), ("audience", audiences))
        if lines
    )
