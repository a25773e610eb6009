"""Who sees which rich menu, as a terminal shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from lineform.plural import plural
from lineform.report.terminal import padded, printable, width

NONE = "(no menu of their own)"


class Counted(Protocol):
    """One rule in numbers of friends."""

    @property
    def menu(self) -> str: ...
    @property
    def friends(self) -> int: ...
    @property
    def kept(self) -> int: ...
    @property
    def changing(self) -> int: ...


def menu_table(client: str, rules: Sequence[tuple[str, Counted]], shown: Mapping[str, int]) -> list[str]:
    """The rules in their order with their friends, then what is recorded of friends' menus."""
    names = max(width(one.menu or NONE) for _, one in rules)
    lines = [client]
    for why, one in rules:
        said = f"{one.changing:,} to change" if one.changing else ""
        kept = f"{one.kept:,} keep another" if one.kept else ""
        more = ", ".join(part for part in (said, kept) if part)
        row = f"  {padded(one.menu or NONE, names)}  {one.friends:>9,}  {printable(why)}"
        lines.append(f"{row} ({more})" if more else row)
    linked = ", ".join(f"{menu} {count:,}" for menu, count in sorted(shown.items()))
    lines.append(f"linked to {plural(sum(shown.values()), 'friend')}{f': {linked}' if linked else ''}")
    return lines
