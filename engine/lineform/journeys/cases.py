"""What a kind is handed that reacts to happenings, or that does an effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lineform.journeys.book import Book
from lineform.model.project import Client
from lineform.ports.store import Store
from lineform.scenarios.effect import Effect
from lineform.scenarios.happening import Happening
from lineform.segments.friend import Friend


@dataclass(frozen=True, slots=True)
class Case:
    """One happening, as a reaction sees it."""

    happening: Happening
    friend: Friend
    """As after the happening, with their events."""
    now: datetime
    client: Client
    book: Book
    store: Store
    """Inside of the transaction in which everything that follows is written, with the friend held."""
    answered: bool = False
    """Whether an earlier reaction answered it."""
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Reacted:
    """What a reaction makes of a happening."""

    effects: Sequence[Effect] = ()
    answered: bool = False
    """Whether it was meant for this one, as a form's answer is: those who answer anything then keep silent."""


Reaction = Callable[[Case], Reacted]
"""Decides what follows from a happening; it may read and write the store of the case, which is one transaction."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One effect on one friend that is to be done."""

    friend: Friend
    now: datetime
    client: Client
    book: Book
    store: Store
    """Inside of the transaction: what is to be done outside of the store is only intended here."""
    cause: Happening | None = None
    """What it follows from; None where time alone brought it."""


Doer = Callable[[Deed, Effect], Sequence[Effect]]
"""Does an effect, and says what follows from that at once."""
