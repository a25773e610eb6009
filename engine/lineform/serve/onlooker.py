"""Who hears what becomes of events and calls: a server's figures and log, or nobody."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol


class Onlooker(Protocol):
    """Hears counts, kinds and our own sentences; never what somebody wrote."""

    def worked(self, client: str, received: list[datetime], now: datetime) -> None:
        """These events are worked on; when each was received."""
        ...

    def failed(self, client: str, what: str, **fields: Any) -> None: ...

    def called(self, client: str, outcome: str) -> None: ...

    def gave_up(self, client: str, **fields: Any) -> None: ...


class Unwatched:
    """Nobody looks."""

    def worked(self, client: str, received: list[datetime], now: datetime) -> None: ...

    def failed(self, client: str, what: str, **fields: Any) -> None: ...

    def called(self, client: str, outcome: str) -> None: ...

    def gave_up(self, client: str, **fields: Any) -> None: ...
