"""What every handler works with: the state, the clock, chance, and the work that LINE does later by itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from lineform.sandbox.accounts import Account
from lineform.sandbox.clock import SandboxClock
from lineform.sandbox.state import State

NEVER = float("inf")


class World:
    """One sandbox. With a `seed`, ids and random choices repeat from run to run."""

    def __init__(self, state: State, clock: SandboxClock, seed: int | None = None) -> None:
        self.state = state
        self.clock = clock
        starts = (state.recall("starts") or 0) + 1
        state.remember("starts", starts)
        # A restart with the same seed must not hand out the same ids again.
        self.random = Random(f"{seed}:{starts}" if seed is not None else secrets.token_bytes(16))  # noqa: S311 - no secret
        saved = state.recall("clock")
        if saved:
            clock.load(saved)
        self._workers: dict[str, Callable[[World, Job], None]] = {}
        self._next_due = NEVER
        self.look_for_jobs()

    def hex(self, digits: int = 32) -> str:
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        text = self.hex()
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def account(self, number: int) -> Account:
        row = self.state.one("select * from accounts where id=?", number)
        if row is None:
            raise LookupError(f"no account {number} in the sandbox")
        return Account.from_row(row)

    def worker(self, kind: str, work: Callable[[World, Job], None]) -> None:
        """Who does the jobs of this kind when their time has come."""
        self._workers[kind] = work

    def later(self, account: int, due: float, kind: str, payload: dict[str, Any]) -> None:
        """Have `kind` done at `due` on the sandbox clock; at once when that is now."""
        sql = "insert into jobs (account, due, kind, payload) values (?, ?, ?, ?)"
        self.state.run(sql, account, due, kind, json.dumps(payload))
        self._next_due = min(self._next_due, due)

    def look_for_jobs(self) -> None:
        row = self.state.one("select min(due) from jobs")
        self._next_due = row[0] if row and row[0] is not None else NEVER

    def has_due_jobs(self) -> bool:
        return self.clock.now() >= self._next_due

    def settle(self) -> None:
        """Do all work whose time has come, in the order of its time. Called before every request."""
        if not self.has_due_jobs():
            return
        now = self.clock.now()
        while row := self.state.one("select * from jobs where due<=? order by due, id limit 1", now):
            self.state.run("delete from jobs where id=?", row["id"])
            self._workers[row["kind"]](self, Job(row["account"], row["due"], json.loads(row["payload"])))
        self.look_for_jobs()


@dataclass(frozen=True, slots=True)
class Job:
    """Work that LINE promised with a 202; `due` is when it happens, however late somebody looks."""

    account: int
    due: float
    payload: dict[str, Any] = field(default_factory=dict)
