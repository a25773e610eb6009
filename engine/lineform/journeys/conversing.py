"""Replies and forms, plugged in: what answers a friend, and where that leaves the conversation."""

from __future__ import annotations

from collections.abc import Sequence

from lineform.journeys.cases import Case, Deed, Reacted
from lineform.ports.conversations import Conversation
from lineform.ports.store import Store
from lineform.scenarios.answering import HEARS, Outcome, Standing, answer, ask
from lineform.scenarios.effect import Ask, Effect
from lineform.segments.friend import Friend


def converses(case: Case) -> Reacted:
    """What answers a happening. Where nothing is armed that could, nothing is read."""
    armed = case.book.answering
    if case.happening.what not in HEARS or not armed.anything:
        return Reacted()
    standing = _standing(case.store, case.client.name, case.friend)
    outcome = answer(armed, standing, case.happening, case.friend, case.now)
    if not case.dry_run:
        _keep(case.store, case.client.name, case.friend, outcome)
    return Reacted(outcome.effects, answered=outcome.anything)


def asks(deed: Deed, effect: Effect) -> Sequence[Effect]:
    """A form's question, asked because a scenario or a route says so."""
    if not isinstance(effect, Ask):
        raise TypeError(f"{type(effect).__name__} asks for no form")
    standing = _standing(deed.store, deed.client.name, deed.friend)
    outcome = ask(deed.book.answering, standing, effect, deed.friend, deed.now)
    _keep(deed.store, deed.client.name, deed.friend, outcome)
    return outcome.effects


def _standing(store: Store, account: str, friend: Friend) -> Standing:
    return store.standings(account, [friend.id]).get(friend.id, Standing())


def _keep(store: Store, account: str, friend: Friend, outcome: Outcome) -> None:
    if outcome.dialogues or outcome.answered:
        store.save_conversations(account, [Conversation(friend.id, outcome.dialogues, outcome.answered)])
