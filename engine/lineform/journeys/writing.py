"""A decision, begun for friends who are held, and written down in one: what was said is judged by the budget and
frozen, and everybody stands where they stand then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lineform.journeys.book import Book, books
from lineform.journeys.budget import AskQuota, Purse
from lineform.journeys.decision import Decision
from lineform.journeys.freezing import Freezer, Frozen
from lineform.journeys.making import Maker
from lineform.ports.store import Store
from lineform.run.lessons import lessons_of
from lineform.run.options import Run
from lineform.run.supplies import Supplies


def about(run: Run, store: Store, book: Book, ids: Sequence[int], now: datetime, purse: Purse | None) -> Decision:
    """Begins to decide about these friends, in the transaction that `store` is. Where the purse is spent, steps that
    send wait, and answers alone go out."""
    supplies = Supplies(store, run.client.name, now, lessons_of(run.store))
    decision = Decision(supplies, run.client, book, books(), run.options.actor, run.options.link_keys)
    decision.broke = None if purse is None else purse.spent
    decision.take_in(ids, pushes=purse is not None)
    return decision


def written(run: Run, decision: Decision, purse: Purse | None) -> Frozen:
    """Freezes what was said and writes where everybody stands. Raises AskQuota without a `purse` where messages would
    be pushed, and OverBudget where it refuses them; of one that is spent already, answers alone are written."""
    if decision.speech.pushed and purse is None:
        raise AskQuota  # before anything is made
    freezer = Freezer(decision, Maker(decision), run.options.worker, run.options.lease)
    pushed = freezer.make()
    if pushed and purse is None:
        raise AskQuota
    if pushed and purse is not None and not purse.spent:
        purse.judge(decision.store, run.client, decision.now, pushed)
    frozen = freezer.freeze(pushes=purse is None or not purse.spent)
    decision.write()
    frozen.menus = decision.open_menus
    frozen.short = tuple(decision.shelf.short)
    return frozen
