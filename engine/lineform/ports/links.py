"""Where tracked links lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """Where a tracked link of a send leads, and how often it was tapped."""

    id: int
    account: str
    address: str
    """Of what was sent, such as ``campaign.sale``, and the occurrence."""
    key: str
    link: str
    url: str
    taps: int


class Links(Protocol):
    """Where tracked links lead."""

    def link_target(self, target: int) -> LinkTarget | None: ...

    def link_targets(self, account: str) -> Sequence[LinkTarget]:
        """All of an account, in the order of their sends."""
        ...

    def count_taps(self, taps: Mapping[int, int]) -> None:
        """Adds so many taps to each of these targets."""
        ...
