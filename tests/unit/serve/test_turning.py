"""What goes on beside the answers: nothing before the bot is known, and what is too old to keep goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from lineform.errors import CredentialError, LineformError
from lineform.planning.live import Bot
from lineform.ports.friends import FriendRow
from lineform.ports.intake import NewCall
from lineform.ports.line_account import OutcomeUnknown, WrongBot
from lineform.ports.store import Store
from lineform.serve.app import Parts
from lineform.serve.arrivals import arrivals_of
from lineform.store.open import SqlStore
from lineform.store.tables import inbox, outbox
from support.declared_clients import BOT
from support.fake_account import FakeAccount
from support.serving import USER, event, served, webhook_body

DAY = timedelta(days=1)


def kept(store: Store, column: sa.Column[str]) -> set[str]:
    assert isinstance(store, SqlStore)
    with store.reading() as connection:
        return set(connection.execute(sa.select(column)).scalars())


def test_a_turn_forgets_events_and_calls_that_are_older_than_they_are_to_be_kept(store: Store) -> None:
    now = datetime.now(UTC)
    store.import_friends("salon", [FriendRow(USER)], now)
    friend = store.friend_ids("salon", [USER])[USER]
    for key, at in (("old", now - 3 * DAY), ("new", now - DAY)):
        store.intend_calls("salon", [NewCall(friend, "crm", key, "{}")], at)
    old, new = event(1, at=now - 3 * DAY), event(2, at=now - DAY)
    store.receive(arrivals_of("salon", BOT, webhook_body(old, new), now), now)
    with served(store, every=1.0, keep_raw=2 * DAY) as server:
        server.until(lambda: kept(store, inbox.c.event_id) == {new["webhookEventId"]})
        server.until(lambda: kept(store, outbox.c.key) == {"new"})
        assert {key for key, _ in server.seen.told} == {"old", "new"}
        assert [one.text for one in server.seen.happenings] == ["text 1", "text 2"]


@dataclass(slots=True)
class Doubtful(FakeAccount):
    """Does not say who it is as long as there is a doubt."""

    doubts: list[LineformError] = field(default_factory=list)
    asked: int = 0

    async def bot(self) -> Bot:
        self.asked += 1
        if self.doubts:
            raise self.doubts[0]
        return await FakeAccount.bot(self)


def of(account: FakeAccount) -> Callable[[Parts], Parts]:
    return lambda parts: replace(parts, served=[replace(one, account=account) for one in parts.served])


@pytest.mark.parametrize(
    "doubt", [WrongBot("it is not the pinned one"), OutcomeUnknown("LINE is down"), CredentialError("recorded")]
)
def test_what_comes_waits_until_it_is_known_whose_the_token_is(store: Store, doubt: LineformError) -> None:
    account = Doubtful(doubts=[doubt])
    with served(store, more=of(account), every=1.0) as server:
        assert server.webhook(event(1)) == 200
        server.until(lambda: account.asked == 2)
        assert (server.seen.happenings, store.inbox_level("salon").waiting) == ([], 1)
        account.doubts.clear()
        server.until_worked()
        assert [one.text for one in server.seen.happenings] == ["text 1"]


def test_events_cost_no_question_about_the_bot(store: Store) -> None:
    account = Doubtful()
    with served(store, more=of(account)) as server:
        for number in range(5):
            assert server.webhook(event(number)) == 200
            server.until_worked()
        server.until(lambda: len(server.seen.happenings) == 5)
    assert account.asked == 2  # the first tick's own, and that before it
