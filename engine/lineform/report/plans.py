"""Plans as a terminal shows them, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lineform.planning.change import Action, Change, Difference
from lineform.planning.live import LiveAccount
from lineform.planning.plan import ClientPlan, PlanFile
from lineform.planning.planjson import FORMAT_VERSION, client_plan_to_data
from lineform.planning.steps import describe
from lineform.plural import plural
from lineform.report.entries import Entry, entry_data, numbers, reasons, tint
from lineform.report.failures import NONE, Failures, failed_count, failures_data, failures_text
from lineform.report.gone import NONE as NOBODY
from lineform.report.gone import Gone, gone_data, gone_text
from lineform.report.plan_markdown import plan_markdown
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
from lineform.report.terminal import Painter, Style, clipped, padded, printable, width

__all__ = ["plan_json", "plan_markdown", "plan_text"]

_READ: Final = 100
"""Cells of a message."""
_SHOWN: Final = 3
"""Messages of a send that a terminal shows."""

_STYLES: Final[Mapping[Action, tuple[Style, ...]]] = {
    Action.CREATE: (Style.GREEN,),
    Action.ARM: (Style.GREEN,),
    Action.REPLACE: (Style.YELLOW,),
    Action.REPAIR: (Style.YELLOW,),
    Action.REFRESH: (Style.YELLOW,),
    Action.REARM: (Style.YELLOW,),
    Action.DELETE: (Style.RED,),
    Action.DISARM: (Style.RED,),
    Action.BLOCKED: (Style.BOLD, Style.RED),
}


def plan_text(
    file: PlanFile,
    live: Live,
    outlooks: Outlooks,
    *,
    failures: Failures = NONE,
    gone: Gone = NOBODY,
    budgets: Budgets | None = None,
    colour: bool = False,
    steps: bool = True,
) -> str:
    """All clients, each with its changes, what its sends would be, and what the changes take; then those that could
    not be read, and those that are gone."""
    paint = Painter(colour)
    blocks = []
    for plan in file.clients:
        account, entries = live.get(plan.client), outlooks.get(plan.client, ())
        left = month(account, entries, file.made_at, (budgets or {}).get(plan.client)) if account and entries else ""
        blocks.append(_client(plan, account, entries, left, paint, steps))
    conclusion = "\n".join(_conclusion(file, failures, paint))
    others = failures_text(failures, paint) + gone_text(gone, paint)
    return "\n\n".join(["\n".join(block) for block in blocks] + others + [conclusion])


def _conclusion(file: PlanFile, failures: Failures, paint: Painter) -> list[str]:
    failed = [paint(_failed(file, failures), Style.RED)] if failures else []
    if file.empty and failures:
        return failed
    if file.empty:
        return [paint(f"Nothing to do: {as_declared(file)}.", Style.GREEN)]
    changing = sum(not plan.empty for plan in file.clients)
    lines = [f"{paint('Plan', Style.BOLD)}: {totals(file)} ({plural(changing, 'client')})"]
    if any(plan.blocked for plan in file.clients):
        lines.append(paint("A client with a blocked change is not applied at all.", Style.RED))
    return [*failed, *lines, f"digest {file.digest}"]


def _failed(file: PlanFile, failures: Failures) -> str:
    if not file.clients:
        return f"{failed_count(failures)}; nothing was compared."
    if file.empty:
        return f"{failed_count(failures)}; no changes at {plural(len(file.clients), 'other client')}."
    return f"{failed_count(failures)}; what is to be done there is not in this plan."


def _client(
    plan: ClientPlan, live: LiveAccount | None, entries: Sequence[Entry], left: str, paint: Painter, with_steps: bool
) -> list[str]:
    account = f"  {printable(live.bot.display_name)} {live.bot.basic_id}".rstrip() if live else ""
    lines = [paint(plan.client, Style.BOLD) + paint(account, Style.DIM)]
    names = max((width(change.address) for change in plan.changes), default=0)
    by_address = {entry.address: entry for entry in entries}
    for change in plan.changes:
        # What stops a resource stands beside what was to become of it, where its outlook is told already.
        entry = None if change.action is Action.BLOCKED else by_address.get(change.address)
        lines += _change(change, entry, names, paint)
    if plan.empty:
        lines.append(paint("  no changes", Style.DIM))
    lines += [paint(line, Style.DIM) for line in _notes(plan)]
    if left:
        lines.append(f"  {left}")
    if with_steps and plan.steps:
        lines += _steps(plan, paint)
    return lines


def _change(change: Change, entry: Entry | None, names: int, paint: Painter) -> list[str]:
    styles = _STYLES.get(change.action, (Style.DIM,))
    code = f" {change.code}" if change.code else ""
    words = f"{change.action.word}{code}: {printable(change.reason)}"
    lines = [f"  {paint(padded(change.action.value, 2), *styles)} {padded(change.address, names)}  {words}".rstrip()]
    lines += [f"       {_difference(found, paint)}" for found in change.details]
    if change.hint:
        lines.append(f"       {paint('→', Style.GREEN)} {printable(change.hint)}")
    return lines + (_send(entry, paint) if entry is not None else [])


def _difference(found: Difference, paint: Painter) -> str:
    before, after = value_text(found.before), value_text(found.after)
    return f"{found.path}: {paint(before, Style.RED)} → {paint(after, Style.GREEN)}"


def _send(entry: Entry, paint: Painter) -> list[str]:
    when = f" at {entry.key}" if entry.key else ""
    said = " · ".join(part for part in (numbers(entry), printable(reasons(entry))) if part)
    lines = [f"       {paint(entry.outcome + when, tint(entry))}{': ' if said else ''}{said}"]
    if entry.hint:
        lines.append(f"       {paint('→', Style.GREEN)} {printable(entry.hint)}")
    lines += [f"       {paint('│', Style.DIM)} {clipped(printable(text), _READ)}" for text in entry.reads[:_SHOWN]]
    if (more := len(entry.reads) - _SHOWN) > 0:
        lines.append(paint(f"       │ and {plural(more, 'more message')}", Style.DIM))
    return lines


def _notes(plan: ClientPlan) -> list[str]:
    notes = [] if plan.recorded else ["  campaigns and audiences were not compared: no store was asked"]
    if plan.foreign:
        notes.append(f"  {plural(len(plan.foreign), 'menu')} of others, left alone:")
        notes += [f"    {foreign_text(menu)}" for menu in plan.foreign]
    if plan.foreign_audiences:
        notes.append(f"  {plural(len(plan.foreign_audiences), 'audience')} of others, left alone:")
        notes += [f"    {foreign_audience_text(audience)}" for audience in plan.foreign_audiences]
    if plan.foreign_coupons:
        notes.append(f"  {plural(len(plan.foreign_coupons), 'coupon')} of others, left alone:")
        notes += [f"    {printable(one.title)} ({one.coupon_id})" for one in plan.foreign_coupons]
    return notes


def _steps(plan: ClientPlan, paint: Painter) -> list[str]:
    lines = [f"  {plural(len(plan.steps), 'step')}:"]
    lines += [paint(f"  {number:>4}. {describe(step)}", Style.DIM) for number, step in enumerate(plan.steps, start=1)]
    return [*lines, *([f"  {wait}"] if (wait := waits(plan)) else [])]


def plan_json(file: PlanFile, live: Live, outlooks: Outlooks, *, failures: Failures = NONE, gone: Gone = NOBODY) -> str:
    """The plan with the accounts' quota and the outlook of its sends, for programs. An apply reads the plan file. It
    is empty only where every client could be read."""
    value = {
        "format_version": FORMAT_VERSION,
        "digest": file.digest,
        "made_at": file.made_at.isoformat(),
        "empty": file.empty and not failures,
        "failures": failures_data(failures),
        **({"gone": gone_data(gone)} if gone else {}),
        "clients": [
            {
                **client_plan_to_data(plan),
                "account": _account(live.get(plan.client)),
                "sends": [{**entry_data(entry), "reads": list(entry.reads)} for entry in outlooks.get(plan.client, ())],
            }
            for plan in file.clients
        ],
    }
    return json.dumps(value, ensure_ascii=False, indent=2)


def _account(live: LiveAccount | None) -> dict[str, Any] | None:
    if live is None:
        return None
    quota = {"limit": live.quota.limit, "used": live.quota.used, "left": live.quota.left}
    return {"basic_id": live.bot.basic_id, "display_name": live.bot.display_name, "quota": quota}
