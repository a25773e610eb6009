"""Friends whose profile LINE is to be asked for, and those of whom it did not tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from lineform.scenarios.profiles import Unknown


@dataclass(frozen=True, slots=True)
class ProfileAsk:
    """A claimed question. `attempts` counts this one."""

    friend_id: int
    user_id: str = field(repr=False)
    attempts: int


class Profiles(Protocol):
    """Questions about friends by their internal ids, at most one a friend."""

    def unknown_profiles(self, account: str, ids: Sequence[int]) -> Mapping[int, Unknown]:
        """Those of these friends of whom no display name is known; who blocks the account is left out."""
        ...

    def ask_profiles(self, account: str, ids: Sequence[int], due: datetime) -> None:
        """LINE is to be asked for these friends from `due` on, whatever became of an earlier question."""
        ...

    def claim_profiles(self, account: str, now: datetime, lease: timedelta, limit: int) -> Sequence[ProfileAsk]:
        """Takes the questions that are due longest, and leaves them to whoever asks for as long as the lease. Those
        about friends who became known meanwhile, or block the account, are dropped."""
        ...

    def postpone_profiles(self, account: str, until: Mapping[int, datetime]) -> None:
        """LINE gave no answer about these friends, and is asked again then."""
        ...

    def profiles_told(self, account: str, ids: Sequence[int]) -> None:
        """These friends are known now: the questions are over."""
        ...

    def profiles_untold(self, account: str, ids: Sequence[int]) -> None:
        """LINE does not tell of these friends: nobody asks again until `ask_profiles` does."""
        ...
