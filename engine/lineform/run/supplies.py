"""Out of whose store, and as of when, messages are given what they name: codes, coupons, links, items."""

from __future__ import annotations

from dataclasses import dataclass
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
    lessons: Lessons | None = None
    """What was learned a while ago and may be used again; None where everything is learned anew."""


def supplies_of(run: Run) -> Supplies:
    """Those of a send, which is made once and learns for all of its friends."""
    return Supplies(run.store, run.client.name, run.clock.now())
