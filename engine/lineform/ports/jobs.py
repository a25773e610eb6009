"""Work that any worker may take: a client's tick, a part of a send.

A job is only a hint that there is something to do. What is to be done, and whether it was done, stands in the store: a
job that runs twice sends once, and one that is lost is found again by the next tick.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from lineform.sending.keys import send_name


class Task(StrEnum):
    """What a job is about."""

    TICK = "tick"
    DELIVER = "deliver"


@dataclass(frozen=True, slots=True)
class Job:
    """Two jobs of one name are one: while it waits it is not put in again, and it never runs twice at once."""

    task: Task
    client: str
    address: str = ""
    key: str = ""
    part: int = 0
    """Which helper of the send: several share its batches by claiming them."""

    @property
    def name(self) -> str:
        if self.task is Task.TICK:
            return f"{self.task}/{self.client}"
        return f"{self.task}/{self.client}/{send_name(self.address, self.key)}/{self.part}"


Do = Callable[[Job], Awaitable[None]]
"""Does a job. It makes reports of its own failures; what it raises ends the worker."""


class Jobs(Protocol):
    """Where jobs wait for a worker."""

    async def put(self, job: Job) -> None:
        """Has the job done soon, by whoever is free; nothing happens where it waits already."""
        ...

    async def work(self, clients: Sequence[str], do: Do, every: int, at_once: int, stop: asyncio.Event) -> None:
        """Does jobs of these clients, up to `at_once` side by side, until `stop` is set and the last one has ended.

        Each client ticks every `every` seconds, however many workers there are. Raises what `do` raises.
        """
        ...
