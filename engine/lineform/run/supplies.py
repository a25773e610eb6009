"""Out of whose store, and as of when, messages are given what they name: codes, coupons, links, items."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lineform.ports.store import Store
from lineform.run.lessons import Lessons
from lineform.run.options import Run


@dataclass(frozen=True, slots=True)
class Supplies:
    """One account's, at one moment."""

    store: Store
    account: str
    now: datetime
    lessons: Lessons = field(default_factory=Lessons)
    """What is learned from everybody's history. Of a send it is learned once, for all of its friends."""


def supplies_of(run: Run) -> Supplies:
    """Those of a send, which are made once."""
    return Supplies(run.store, run.client.name, run.clock.now())
