"""What giving tags to a friend comes to, by what is declared about their groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lineform.segments.declared import Declared


class RivalTags(Exception):
    """Two tags of an exclusive group are to be given at once."""

    def __init__(self, group: str) -> None:
        super().__init__(f"two tags of the group '{group}', of which a friend has at most one")
        self.group = group


@dataclass(frozen=True, slots=True)
class Tagging:
    """Tags that are given, those that are taken away, and, of the given, those whose time begins anew."""

    tags: tuple[str, ...]
    untag: tuple[str, ...]
    renew: tuple[str, ...]


def tagging(tags: Iterable[str], untag: Iterable[str], declared: Declared) -> Tagging:
    """Giving a tag of an exclusive group takes its others away. Raises `RivalTags` where two of them are given."""
    given = tuple(sorted(set(tags)))
    groups: set[str] = set()
    for tag in given:
        if group := declared.exclusive_group(tag):
            if group in groups:
                raise RivalTags(group)
            groups.add(group)
    rivals = {rival for tag in given for rival in declared.rivals(tag)}
    renew = tuple(tag for tag in given if declared.lasting(tag) is not None)
    return Tagging(given, tuple(sorted({*untag, *rivals})), renew)
