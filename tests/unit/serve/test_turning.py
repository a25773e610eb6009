"""What goes on beside the answers: what is too old to keep goes, of events and of calls, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from lineform.ports.friends import FriendRow
from lineform.ports.intake import NewCall
from lineform.ports.store import Store
from lineform.serve.arrivals import arrivals_of
from lineform.store.open import SqlStore
from lineform.store.tables import inbox, outbox
from support.declared_clients import BOT
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
    with served(store, every=0.05, keep_raw=2 * DAY) as server:
        server.until(lambda: kept(store, inbox.c.event_id) == {new["webhookEventId"]})
        server.until(lambda: kept(store, outbox.c.key) == {"new"})
        assert {key for key, _ in server.seen.told} == {"old", "new"}
        assert [one.text for one in server.seen.happenings] == ["text 1", "text 2"]
