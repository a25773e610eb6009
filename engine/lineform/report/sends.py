"""What was sent, from the ledger, and who did what, from the audit log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from lineform.plural import plural
from lineform.ports.audit import AuditEntry
from lineform.ports.ledger import Send
from lineform.report.terminal import Painter, Style, padded, printable, width
from lineform.sending.kept import Halt, KeptBack, Stopped, Waiting
from lineform.sending.status import BatchStatus, SendStatus

FORMAT_VERSION: Final = 1
KeptBy = Mapping[str, KeptBack]
"""What is kept back, by client."""
_NOTHING: Final = KeptBack()
_NOBODYS: Final[KeptBy] = MappingProxyType({})
_TINTS: Final = {
    SendStatus.SENT: Style.GREEN,
    SendStatus.ACCEPTED: Style.GREEN,
    SendStatus.SKIPPED: Style.DIM,
    SendStatus.EMPTY: Style.DIM,
    SendStatus.PARTIAL: Style.RED,
    SendStatus.REFUSED: Style.RED,
    SendStatus.UNCERTAIN: Style.RED,
}


def sends_text(
    sends: Mapping[str, Iterable[Send]],
    zones: Mapping[str, str],
    *,
    kept: KeptBy = _NOBODYS,
    colour: bool = False,
) -> str:
    """Each client's sends in columns, the latest last; after them what is kept back. `zones` are the clients' time
    zones."""
    paint = Painter(colour)
    blocks = []
    for client, each in sends.items():
        lines, zone = [paint(client, Style.BOLD)], ZoneInfo(zones[client])
        found, back = in_order(by_step(each)), kept.get(client, _NOTHING)
        if back.halt is not None:
            lines += _halt_lines(back.halt, zone, paint)
        told: list[Send | Stopped | Waiting] = [*found, *back.stopped, *back.waiting]
        names = max((width(one.address) for one in told), default=0)
        for one in told:
            lines += _lines(one, zone, names, paint)
        if not told:
            lines.append("  nothing was sent")
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


_ONE_BY_ONE: Final = "campaign."


def by_step(sends: Iterable[Send]) -> list[Send]:
    """The sends, with those of steps, replies and the like put together that ended alike: a scenario makes a send
    whenever the step of somebody is due, and nobody reads a thousand lines. None of those is kept."""
    out: list[Send] = []
    alike: dict[tuple[str, str, SendStatus], _Alike] = {}
    for send in sends:
        if send.address.startswith(_ONE_BY_ONE):
            out.append(send)
            continue
        what = (send.address, send.key.partition("@")[0], send.status)
        if what not in alike:
            alike[what] = _Alike(send)
        alike[what].add(send)
    return [*out, *(several.put(address, step) for (address, step, _), several in alike.items())]


class _Alike:
    """Sends that ended alike, summed up."""

    def __init__(self, first: Send) -> None:
        self._latest = first
        self._recipients = self._accepted = self._capped = 0
        self._batches: Counter[BatchStatus] = Counter()

    def add(self, send: Send) -> None:
        if send.due_at > self._latest.due_at:
            self._latest = send
        self._recipients += send.recipients
        self._accepted += send.accepted_recipients
        self._capped += send.capped
        self._batches.update(send.batches)

    def put(self, address: str, step: str) -> Send:
        """Told as one."""
        return replace(
            self._latest,
            address=f"{address}/{step}" if address.startswith("scenario.") else address,
            recipients=self._recipients,
            accepted_recipients=self._accepted,
            capped=self._capped,
            batches=dict(self._batches),
        )


def in_order(sends: Iterable[Send]) -> list[Send]:
    """By the moment at which they were due."""
    return sorted(sends, key=lambda send: (send.due_at, send.address))


def _lines(one: Send | Stopped | Waiting, zone: ZoneInfo, names: int, paint: Painter) -> list[str]:
    match one:
        case Stopped():
            return _stopped_lines(one, zone, names, paint)
        case Waiting():
            return _waiting_lines(one, zone, names, paint)
        case Send():
            return _send_lines(one, zone, names, paint)


def _send_lines(send: Send, zone: ZoneInfo, names: int, paint: Painter) -> list[str]:
    status = paint(padded(send.status.value, _STATUS), _TINTS.get(send.status, Style.YELLOW))
    due = _minute(send.due_at, zone)
    people = f"{send.accepted_recipients:,} of {plural(send.recipients, 'friend')}" if send.recipients else ""
    left_out = f"{send.capped:,} left out" if send.capped else ""
    said = " · ".join(part for part in (people, left_out, _calls(send)) if part)
    lines = [f"  {due}  {padded(send.address, names)}  {status}  {said}".rstrip()]
    if send.reason:
        lines.append(f"      {printable(send.reason)}")
    return lines


def _stopped_lines(one: Stopped, zone: ZoneInfo, names: int, paint: Painter) -> list[str]:
    since, last = (moment and _minute(moment, zone) for moment in (one.since, one.last))
    moments = (since and f"since {since}", last and last != since and f"last at {last}")
    when = ", ".join(part for part in moments if part)
    said = f"{one.guard}: {printable(one.reason)}" + (f" ({when})" if when else "")
    lines = [_kept_line(one, "blocked", Style.RED, zone, names, paint), f"      {said}"]
    return [*lines, f"      {paint('→', Style.GREEN)} {printable(one.hint)}"] if one.hint else lines


def _waiting_lines(one: Waiting, zone: ZoneInfo, names: int, paint: Painter) -> list[str]:
    line = _kept_line(one, SendStatus.WAITING.value, Style.YELLOW, zone, names, paint)
    return [line, f"      {printable(one.reason)}; it goes at {_minute(one.until, zone)}"]


def _kept_line(one: Stopped | Waiting, word: str, tint: Style, zone: ZoneInfo, names: int, paint: Painter) -> str:
    head = f"  {_minute(one.due_at, zone)}  {padded(one.address, names)}  "
    if not one.friends:
        return f"{head}{paint(word, tint)}"
    return f"{head}{paint(padded(word, _STATUS), tint)}  {plural(one.friends, 'friend')}"


def _halt_lines(halt: Halt, zone: ZoneInfo, paint: Painter) -> list[str]:
    since = f" since {_minute(halt.since, zone)}" if halt.since else ""
    word = paint("halted", Style.BOLD, Style.RED)
    return [
        f"  {word} by {printable(halt.by)}{since}: nothing is sent",
        f"      {paint('→', Style.GREEN)} {printable(halt.hint)}",
    ]


def _minute(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


_STATUS: Final = max(len(status.value) for status in SendStatus)


def _calls(send: Send) -> str:
    """``3 calls``; where not all were accepted, how many are what."""
    counts = {status.value: count for status, count in send.batches.items() if count}
    total = sum(counts.values())
    if not total:
        return ""
    detail = f" ({', '.join(f'{count:,} {word}' for word, count in counts.items())})"
    return plural(total, "call") + ("" if set(counts) == {"accepted"} else detail)


def sends_json(
    sends: Mapping[str, Iterable[Send]],
    notes: Mapping[str, Sequence[AuditEntry]] | None = None,
    *,
    kept: KeptBy = _NOBODYS,
) -> str:
    """One JSON object; with `notes`, each client also has its audit log."""
    clients = []
    for client, found in sends.items():
        entry: dict[str, object] = {
            "client": client,
            "sends": [_send_data(send) for send in in_order(found)],
            **_kept_data(kept.get(client, _NOTHING)),
        }
        if notes is not None:
            entry["audit"] = [_note_data(note) for note in notes[client]]
        clients.append(entry)
    return json.dumps({"format_version": FORMAT_VERSION, "clients": clients}, ensure_ascii=False, indent=2)


def _send_data(send: Send) -> dict[str, object]:
    return {
        "address": send.address,
        "occurrence": send.key,
        "due_at": send.due_at.isoformat(),
        "status": send.status.value,
        "recipients": send.recipients,
        "accepted": send.accepted_recipients,
        "capped": send.capped,
        "calls": {status.value: count for status, count in send.batches.items()},
        "reason": send.reason,
        "digest": send.digest,
    }


def _kept_data(back: KeptBack) -> dict[str, object]:
    halt = back.halt and {"by": back.halt.by, "since": _iso(back.halt.since), "hint": back.halt.hint}
    return {
        "halted": halt,
        "blocked": [_stopped_data(one) for one in back.stopped],
        "waiting": [_waiting_data(one) for one in back.waiting],
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _waiting_data(one: Waiting) -> dict[str, object]:
    return {
        "address": one.address,
        "occurrence": one.key,
        "due_at": one.due_at.isoformat(),
        "until": one.until.isoformat(),
        "reason": one.reason,
        "friends": one.friends,
    }


def _stopped_data(one: Stopped) -> dict[str, object]:
    return {
        "address": one.address,
        "occurrence": one.key,
        "due_at": one.due_at.isoformat(),
        "guard": one.guard,
        "reason": one.reason,
        "hint": one.hint,
        "since": _iso(one.since),
        "last": _iso(one.last),
        "friends": one.friends,
    }


def _note_data(note: AuditEntry) -> dict[str, object]:
    return {
        "at": note.at.isoformat(),
        "actor": note.actor,
        "action": note.action,
        "subject": note.subject,
        "detail": note.detail,
    }


def notes_text(notes: Mapping[str, Sequence[AuditEntry]], zones: Mapping[str, str], *, colour: bool = False) -> str:
    """Each client's audit log, the latest last."""
    paint = Painter(colour)
    blocks = []
    for client, found in notes.items():
        lines = [f"{paint(client, Style.BOLD)}: audit"]
        for note in sorted(found, key=lambda one: one.at):
            when = _minute(note.at, ZoneInfo(zones[client]))
            detail = f" ({' → '.join(note.detail.splitlines())})" if note.detail else ""
            lines.append(printable(f"  {when}  {note.actor}: {note.action} {note.subject}{detail}"))
        if not found:
            lines.append("  nothing was noted")
        blocks.append("\n".join(lines))
    return "\n".join(blocks)
