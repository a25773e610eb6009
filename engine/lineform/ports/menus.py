"""Which rich menu was linked to whom: the part of the store that lets menus follow people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lineform.scenarios.menus import Choice, Group, MenuRules, Pass, Shown


@dataclass(frozen=True, slots=True)
class Linking:
    """Friends whose menu was chosen alike: what is recorded of each of them before LINE is called."""

    choice: Choice
    friend_ids: Sequence[int]


class Menus(Protocol):
    """Which rich menu was linked to whom, by name, when and why."""

    def menu_groups(self, account: str, rules: MenuRules, now: datetime) -> Iterator[Group]:
        """Everybody who can be reached, by rule and by what is recorded: each friend in one group. One group after the
        other, since the groups of many rules take more memory than their friends; read it to its end at once."""
        ...

    def shown_menus(self, account: str, friend_ids: Sequence[int]) -> Mapping[int, Shown]:
        """What is recorded of these friends' menus; friends of whom nothing is recorded are left out."""
        ...

    def friends_shown(self, account: str, menu: str) -> Sequence[int]:
        """Friends of whom it is recorded that they see this menu, by internal id."""
        ...

    def count_shown(self, account: str) -> Mapping[str, int]:
        """Friends by the menu that is recorded of them, those without one of their own left out."""
        ...

    def intend_menus(self, account: str, linkings: Sequence[Linking], call: str, now: datetime) -> None:
        """Writes down what is about to be linked (or, where a choice needs no link, that it is so already), durably.
        `call` is unique: by it the answer finds what it confirms."""
        ...

    def confirm_menus(self, account: str, friend_ids: Sequence[int], call: str) -> None:
        """LINE has taken what was intended under this `call`. Where something else was written about a friend
        meanwhile, nobody knows which came last: that friend is linked again."""
        ...

    def open_menus(self, account: str, before: datetime, limit: int) -> Sequence[int]:
        """Friends whose menu was to be linked before this moment, and for whom LINE has not answered."""
        ...

    def unlinked(self, account: str, friend_ids: Sequence[int]) -> None:
        """These have no menu of their own any more: they left, or came back."""
        ...

    def drop_blocked_menus(self, account: str) -> int:
        """Forgets the menus of friends who block the account: LINE shows them none, whatever comes later."""
        ...

    def menu_pass(self, account: str) -> Pass | None: ...

    def note_menu_pass(self, account: str, done: Pass) -> None: ...
