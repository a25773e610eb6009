"""What an apply works with: the account, the store behind its executor, the clock, the lock and the log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from lineform.apply.result import OnStep
from lineform.errors import LineformError, LockedError
from lineform.model.project import Resource
from lineform.ports.audit import AuditEntry
from lineform.ports.clock import Clock
from lineform.ports.line_account import LineAccount, OutcomeUnknown
from lineform.ports.store import Store

LEASE = timedelta(minutes=4)
"""Longer than any single call may take; renewed before each step and each pause."""

TRIES = 4
FIRST_WAIT = 1.0

T = TypeVar("T")


class Offload(Protocol):
    """Runs a synchronous call of the store where it does not block the event loop."""

    def __call__(self, function: Callable[..., T], /, *args: Any) -> Awaitable[T]: ...


Images = Callable[[Resource], tuple[bytes, str]]
"""The image of a menu and its content type."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Friends who got another menu, and those who could not get theirs, with the reason."""

    moved: int = 0
    left: int = 0
    why: str = ""


Settle = Callable[[Sequence[str]], Awaitable[Settled]]
"""Gives whoever is recorded on these menus (by name) the ones that the armed rules choose."""


async def _settled_by_nobody(menus: Sequence[str]) -> Settled:
    """For callers without anybody recorded."""
    raise LineformError(f"nobody was named who moves the friends of {', '.join(menus)}")


def _nobody(_: object) -> None:
    """For callers who need not hear of steps."""


def _alive(_: str) -> bool:
    """For callers who cannot know of other runs."""
    return False


@dataclass(frozen=True, slots=True)
class Desk:
    """`owner` names this run and nobody else; `actor` is who is said to have done it, in the audit log."""

    client: str
    account: LineAccount
    store: Store
    images: Images
    clock: Clock
    owner: str
    actor: str = "apply"
    on_step: OnStep = _nobody
    offload: Offload = asyncio.to_thread
    gone: Callable[[str], bool] = _alive
    """Whether the run of this name has certainly ended, so that its lock may be taken over at once."""
    settle: Settle = _settled_by_nobody

    @property
    def lock(self) -> str:
        return f"apply:{self.client}"

    async def hold_lock(self) -> None:
        """Takes or renews the lock; `LockedError` while somebody else applies to this account."""
        if await self._take_lock():
            return
        holder = await self.offload(self.store.lease_holder, self.lock, self.clock.now())
        if holder and self.gone(holder):
            await self.offload(self.store.release_lease, self.lock, holder)
            if await self._take_lock():
                return
        minutes = LEASE // timedelta(minutes=1)
        raise LockedError(
            f"{self.client}: {holder or 'somebody else'} is applying to this account",
            hint=f"wait until it ends; after a crash on another machine the lock opens within {minutes} minutes",
        )

    async def _take_lock(self) -> bool:
        return await self.offload(self.store.lease, self.lock, self.owner, self.clock.now(), LEASE)

    async def pause(self, seconds: float) -> None:
        """Waits, without losing the lock."""
        await self.hold_lock()
        await self.clock.sleep(seconds)

    async def again(self, call: Callable[[], Awaitable[T]]) -> T:
        """For calls that may be repeated: tries again while LINE's answer is lost."""
        wait = FIRST_WAIT
        for _ in range(TRIES - 1):
            try:
                return await call()
            except OutcomeUnknown:
                await self.pause(wait)
                wait *= 2
        return await call()

    async def release_lock(self) -> None:
        await self.offload(self.store.release_lease, self.lock, self.owner)

    async def note(self, action: str, subject: str, detail: str = "") -> None:
        entry = AuditEntry(self.clock.now(), self.client, self.actor, action, subject, detail)
        await self.offload(self.store.note, entry)
