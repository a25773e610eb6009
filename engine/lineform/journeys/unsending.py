"""Takes back what a friend took back: what a message said is kept nowhere, and what it answered is not known."""

from __future__ import annotations

from functools import partial
from typing import Final

from lineform.journeys.book import books
from lineform.journeys.budget import Purse, within_budget
from lineform.journeys.delivering import deliver_frozen
from lineform.journeys.freezing import Frozen
from lineform.journeys.writing import about, written
from lineform.ports.conversations import Conversation
from lineform.run.options import Run
from lineform.scenarios.answering import Standing
from lineform.scenarios.unsending import Unsent, taken_back

_SHORTEST: Final = 2
"""Characters: a text of one is in every message, and says nothing about anybody."""


async def take_back(run: Run, unsent: Unsent) -> None:
    """Takes these messages out of everything that is recorded; safe to repeat. An attribute that is not known any more
    is a change like any other."""
    await deliver_frozen(run, await within_budget(run, partial(_taken, run, unsent)))


def _taken(run: Run, unsent: Unsent, purse: Purse | None) -> Frozen:
    account, now = run.client.name, run.clock.now()
    with run.store.together(account) as store:
        blanked = store.blank_messages(account, unsent.message_ids, unsent.numbers)
        ids = store.friend_ids(account, sorted({one.person for one in blanked} - {""}))
        if not ids:
            return Frozen()
        book = books().of(run.store, run.client)
        store.hold_friends(account, sorted(ids.values()))
        decision = about(run, store, book, sorted(ids.values()), now, purse)
        for one in blanked:
            person = decision.person(ids.get(one.person, 0))
            if person is None:
                continue
            standing = store.standings(account, [person.friend.id]).get(person.friend.id, Standing())
            found = taken_back(one.event_id, person.friend, standing.dialogues, book.answering.forms)
            texts = sorted(text for text in {one.text, *found.texts} if len(text) >= _SHORTEST)
            store.take_back(account, person.friend.id, found.events, texts, one.at)
            store.save_conversations(account, [Conversation(person.friend.id, found.dialogues, {})])
            decision.forget(person.friend.id, found.events, found.attributes, key=f"unsent/{one.event_id}")
        return written(run, decision, purse)
