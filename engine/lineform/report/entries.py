"""One occurrence of a campaign in words: what a run did with it, or would do.

The shapes are declared here as Protocols, because a room that makes text does not know the rooms that do the work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from lineform.lineapi.routes import Route
from lineform.plural import plural
from lineform.report.terminal import Style
from lineform.sending.cost import Cost
from lineform.sending.tracking import lasting, seconds


class Entry(Protocol):
    """What a run says about one occurrence."""

    @property
    def address(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def recipients(self) -> int: ...
    @property
    def accepted(self) -> int: ...
    @property
    def calls(self) -> int: ...
    @property
    def routes(self) -> Mapping[Route, int]: ...
    @property
    def why(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def guard(self) -> str: ...
    @property
    def hint(self) -> str: ...
    @property
    def cost(self) -> Cost | None: ...
    @property
    def capped(self) -> int: ...
    @property
    def recipients_hash(self) -> str: ...
    @property
    def reads(self) -> Sequence[str]: ...
    @property
    def exit_code(self) -> int: ...


_CALM: Final = {
    "sent": Style.GREEN,
    "accepted": Style.GREEN,
    "would send": Style.GREEN,
    "linked": Style.GREEN,
    "would link": Style.GREEN,
    "would begin": Style.GREEN,
}
SHORT: Final = 12
"""Characters of a hash that people compare."""
_QUIET: Final = frozenset({"skipped", "empty"})


def tint(entry: Entry) -> Style:
    """Green for what went well, red for what needs somebody, dim for what is over without anything to do."""
    if entry.exit_code:
        return Style.RED
    return Style.DIM if entry.outcome in _QUIET else _CALM.get(entry.outcome, Style.YELLOW)


def numbers(entry: Entry) -> str:
    """People, calls, time and money, and of a plan the hash over the people:
    ``1,234 friends · 3 multicast calls in under a second · ¥0 · recipients 3f2a9c81d0e4``. Empty where nobody is
    concerned."""
    parts = []
    if entry.outcome in ("would send", "would link", "would begin"):
        parts.append(_people(entry.recipients))
    elif entry.recipients:
        parts.append(f"{entry.accepted:,} of {_people(entry.recipients)}")
    if entry.routes:
        parts += [plural(count, f"{route.value} call") for route, count in entry.routes.items()]
        parts[-1] += f" in {lasting(seconds(entry.routes))}"
    elif entry.calls:
        parts.append(plural(entry.calls, "call"))
    if entry.capped:
        parts.append(f"{entry.capped:,} left out")
    if entry.cost is not None and entry.cost.yen is not None:
        parts.append(yen(entry.cost.yen))
    if entry.recipients_hash:
        parts.append(f"recipients {entry.recipients_hash[:SHORT]}")
    return " · ".join(parts)


def _people(count: int) -> str:
    return plural(count, "friend")


def yen(amount: float) -> str:
    """An amount of money, with a fraction only where it has one: ``¥1,234``, ``¥61.50``."""
    return f"¥{amount:,.0f}" if amount == round(amount) else f"¥{amount:,.2f}"


def reasons(entry: Entry) -> str:
    """Why it ended so, or why it goes this way; the guard's code first."""
    said = entry.reason or entry.why
    return f"{entry.guard}: {said}" if entry.guard else said


def entry_data(entry: Entry) -> dict[str, Any]:
    """The entry as JSON values."""
    cost = entry.cost
    return {
        "address": entry.address,
        "occurrence": entry.key,
        "outcome": str(entry.outcome),
        "recipients": entry.recipients,
        "accepted": entry.accepted,
        "capped": entry.capped,
        "calls": entry.calls,
        "routes": {route.value: count for route, count in entry.routes.items()},
        "seconds": round(seconds(entry.routes), 3) if entry.routes else None,
        "recipients_hash": entry.recipients_hash or None,
        "why": entry.why,
        "reason": entry.reason,
        "guard": entry.guard,
        "hint": entry.hint,
        "cost": None if cost is None else {"messages": cost.messages, "calls": cost.calls, "yen": cost.yen},
        "exit_code": entry.exit_code,
    }
