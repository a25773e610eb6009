"""Who was uploaded to which of LINE's audiences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload of friends to an audience of LINE's. Until it is `confirmed`, LINE may have taken it or not."""

    id: int
    friend_ids: Sequence[int]
    confirmed: bool


class Audiences(Protocol):
    """Who was uploaded to which of LINE's audiences. `audience` is LINE's id of it."""

    def intend_uploads(self, account: str, audience: int, uploads: Sequence[Sequence[int]]) -> None:
        """Writes down, durably, which uploads are about to be made, by internal friend ids."""
        ...

    def confirm_upload(self, upload_id: int) -> None: ...

    def uploads(self, account: str, audience: int) -> Sequence[Upload]: ...

    def forget_uploads(self, account: str, audience: int) -> None: ...
