"""Who was sent what lately, as every store reads it out of its ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from lineform.lineapi.routes import Route
from lineform.ports.audit import AuditEntry
from lineform.ports.friends import FriendRow
from lineform.ports.ledger import LedgerMoved, NewBatch
from lineform.ports.store import Store
from lineform.sending.caps import Contact
from lineform.sending.status import BatchStatus, SendStatus
from lineform.store import migrations, open_store
from lineform.store.open import SqlStore
from lineform.store.types import pack_ids
from support.stores import NOW, new_batches, new_send, user

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HELLO = b"\x00hello\xff!"


def batch(seq: int, *friends: int, status: BatchStatus = BatchStatus.READY, wave: int = 0) -> NewBatch:
    return NewBatch(seq, Route.MULTICAST, friends, b"{}", uuid4(), HELLO, status, wave)


def frozen(store: Store, *batches: NewBatch, key: str = "2026-12-01T10:00") -> int:
    found = store.freeze("aoba", new_send(key), batches, NOW)
    assert found is not None
    return found


def contacts(store: Store, since: timedelta = HOUR, now: timedelta = timedelta()) -> list[Contact]:
    return sorted(store.contacts("aoba", NOW + now - since, NOW + now), key=lambda one: tuple(one.friend_ids))


def test_what_was_called_counts_from_its_call_and_what_is_frozen_from_now(store: Store) -> None:
    send_id = frozen(store, batch(0, 1, 2), batch(1, 3), batch(2, 4), batch(3, 5))
    called = store.claim(send_id, "w", NOW + MINUTE, MINUTE, 3)
    outcomes = (BatchStatus.ACCEPTED, BatchStatus.UNCERTAIN, BatchStatus.REFUSED)
    for one, outcome in zip(called, outcomes, strict=True):
        store.settle(one.id, outcome, NOW + MINUTE)
    then, now = NOW + MINUTE, NOW + 30 * MINUTE
    assert contacts(store, now=30 * MINUTE) == [
        Contact(then, "campaign.winter-sale", (1, 2), HELLO),
        Contact(then, "campaign.winter-sale", (3,), HELLO),
        Contact(now, "campaign.winter-sale", (5,), HELLO),
    ]


def test_only_calls_later_than_asked_count(store: Store) -> None:
    send_id = frozen(store, batch(0, 1))
    store.claim(send_id, "w", NOW, MINUTE, 1)
    assert contacts(store, since=HOUR, now=HOUR) == []
    assert len(contacts(store, since=HOUR + MINUTE, now=HOUR)) == 1


def test_contacts_of_one_campaign_are_those_of_no_other(store: Store) -> None:
    frozen(store, batch(0, 1))
    for address, found in (("campaign.winter-sale", [(1,)]), ("campaign.winter", [])):
        asked = store.contacts("aoba", NOW - HOUR, NOW, address=address)
        assert [tuple(one.friend_ids) for one in asked] == found


def test_what_was_called_off_or_waits_over_a_limit_does_not_count(store: Store) -> None:
    send_id = frozen(store, batch(0, 1), batch(1, 2, status=BatchStatus.CAPPED))
    assert [tuple(one.friend_ids) for one in contacts(store)] == [(1,)]
    store.conclude(send_id, SendStatus.HELD, NOW)
    assert contacts(store) == []


def test_a_broadcast_has_no_friends_of_its_own_and_a_narrowcast_is_unknown(store: Store) -> None:
    frozen(store, *new_batches(1, friends=(), route=Route.BROADCAST))
    frozen(store, *new_batches(1, friends=(), route=Route.NARROWCAST), key="other")
    assert [(tuple(one.friend_ids), one.digest) for one in contacts(store)] == [((), b"")]


def test_contacts_of_another_account_are_not_seen(store: Store) -> None:
    store.freeze("other", new_send(), [batch(0, 1)], NOW)
    assert contacts(store) == []
    assert (store.ledger_position("aoba"), store.ledger_position("nobody")) == (0, 0)


def test_who_followed_later_is_known_where_the_moment_is(store: Store) -> None:
    moments = {1: NOW - MINUTE, 2: NOW, 3: NOW + MINUTE, 4: None}
    rows = [FriendRow(user(number), followed_at=moment) for number, moment in moments.items()]
    store.import_friends("aoba", rows, NOW)
    store.import_friends("other", [FriendRow(user(5), followed_at=NOW + MINUTE)], NOW)
    ids = store.friend_ids("aoba", [user(3)])
    assert list(store.followed_after("aoba", NOW)) == [ids[user(3)]]


def test_a_freeze_that_was_judged_by_an_older_ledger_is_refused(store: Store) -> None:
    before = store.ledger_position("aoba")
    frozen(store, batch(0, 1))
    assert store.ledger_position("aoba") > before
    with pytest.raises(LedgerMoved):
        store.freeze("aoba", new_send("later"), [batch(0, 1)], NOW, position=before)
    assert len(store.sends("aoba")) == 1
    now = store.ledger_position("aoba")
    store.freeze("other", new_send(), [], NOW)
    assert store.freeze("aoba", new_send("later"), [batch(0, 1)], NOW, position=now) is not None


def test_a_send_remembers_how_many_were_capped_and_who_waits(store: Store) -> None:
    waiting = batch(0, 9, 1 << 33, status=BatchStatus.CAPPED)
    send_id = store.freeze("aoba", replace(new_send(), capped=3), [waiting, batch(1, 1, 2), batch(2, 4)], NOW)
    assert send_id is not None
    (send,) = store.sends("aoba")
    assert (send.capped, send.batches, send.changed_at) == (3, {BatchStatus.READY: 2}, NOW)
    assert list(store.frozen_friends(send_id)) == [1, 2, 4]
    assert list(store.frozen_friends(send_id, capped=True)) == [9, 1 << 33]
    assert [one.friend_ids for one in store.claim(send_id, "w", NOW, MINUTE, 9)] == [(1, 2), (4,)]


def test_staged_parts_wait_and_are_opened_in_their_order(store: Store) -> None:
    staged = BatchStatus.STAGED
    parts = [batch(0, 1), batch(1, 2, 3, status=staged, wave=1), batch(2, 4, status=staged, wave=2)]
    send_id = frozen(store, *parts)
    assert [one.seq for one in store.claim(send_id, "w", NOW, MINUTE, 9)] == [0]
    assert store.staged(send_id) == {1: 2, 2: 1}
    assert [tuple(one.friend_ids) for one in contacts(store)] == [(1,), (2, 3), (4,)]
    store.conclude(send_id, SendStatus.WAITING, NOW + MINUTE)
    (send,) = store.sends("aoba", unfinished=True)
    assert (send.status, send.batches[staged], send.frozen_at) == (SendStatus.WAITING, 2, NOW)
    assert send.changed_at == NOW + MINUTE
    store.open_wave(send_id, 1, NOW + HOUR)
    assert store.staged(send_id) == {2: 1}
    assert [one.status for one in store.sends("aoba")] == [SendStatus.FROZEN]
    assert [one.seq for one in store.claim(send_id, "w", NOW, MINUTE, 9)] == [1]


def test_a_process_that_lives_long_knows_whom_a_rest_reached_that_was_let_go(store: Store, store_url: str) -> None:
    """It read the send when it was held; later a person lets the rest of it go."""
    send_id = frozen(store, batch(0, 1, 2), batch(1, 3, 4))
    (first,) = store.claim(send_id, "w", NOW, MINUTE, 1)
    store.settle(first.id, BatchStatus.ACCEPTED, NOW)
    store.stage_rest(send_id, SendStatus.HELD, "late")
    store.conclude(send_id, SendStatus.WAITING, NOW)
    with open_store(store_url) as serve:

        def knows(hours: int) -> list[Contact]:
            now = NOW + hours * HOUR
            return list(serve.contacts_of("aoba", [3], now - 7 * 24 * HOUR, now).get(3, ()))

        assert knows(1) == []
        store.freeze("aoba", new_send("another"), [], NOW + 2 * HOUR)
        assert knows(2) == []
        store.conclude(send_id, SendStatus.RELEASED, NOW + 3 * HOUR)
        assert knows(3) == []
        store.open_wave(send_id, 0, NOW + 4 * HOUR)
        (rest,) = store.claim(send_id, "w", NOW + 4 * HOUR, MINUTE, 9)
        store.settle(rest.id, BatchStatus.ACCEPTED, NOW + 4 * HOUR)
        store.conclude(send_id, SendStatus.SENT, NOW + 4 * HOUR)
        assert [one.at for one in knows(5)] == [NOW + 4 * HOUR]


def test_a_part_is_opened_without_those_who_are_over_a_limit_by_now(store: Store) -> None:
    staged = BatchStatus.STAGED
    parts = [batch(0, 1, 2, 3, status=staged), batch(1, 4, status=staged), batch(2, 5, 6, status=staged)]
    send_id = frozen(store, *parts, batch(3, 7, status=staged, wave=1))
    position = store.ledger_position("aoba")
    frozen(store, batch(0, 9), key="another")
    with pytest.raises(LedgerMoved):
        store.open_wave(send_id, 0, NOW, position=position, without=(2, 4))
    assert store.staged(send_id) == {0: 6, 1: 1}
    before = store.sends("aoba")[0].recipients
    store.open_wave(send_id, 0, NOW, position=store.ledger_position("aoba"), without=(2, 4, 7))
    assert [tuple(one.friend_ids) for one in store.claim(send_id, "w", NOW, MINUTE, 9)] == [(1, 3), (5, 6)]
    assert sorted(store.frozen_friends(send_id, capped=True)) == [2, 4]
    assert store.staged(send_id) == {1: 1}
    send = store.sends("aoba")[0]
    assert (send.status, send.recipients, send.capped) == (SendStatus.FROZEN, before - 2, 2)


def test_opening_what_was_opened_changes_nothing(store: Store) -> None:
    send_id = frozen(store, batch(0, 1))
    store.conclude(send_id, SendStatus.SENT, NOW)
    store.open_wave(send_id, 5, NOW)
    assert [one.status for one in store.sends("aoba")] == [SendStatus.SENT]


@pytest.mark.parametrize("without", [(2,), (9,)])
def test_what_is_over_is_not_begun_again_by_who_was_to_be_left_out_of_it(
    store: Store, without: tuple[int, ...]
) -> None:
    """Of two runs that let a rest go, the second comes when the first has sent it."""
    send_id = frozen(store, batch(0, 1, 2, status=BatchStatus.STAGED))
    store.open_wave(send_id, 0, NOW, without=without)
    (called,) = store.claim(send_id, "w", NOW, MINUTE, 9)
    store.settle(called.id, BatchStatus.ACCEPTED, NOW)
    store.conclude(send_id, SendStatus.SENT, NOW)
    store.open_wave(send_id, 0, NOW + MINUTE, without=without)
    (send,) = store.sends("aoba")
    assert (send.status, send.changed_at) == (SendStatus.SENT, NOW)
    assert store.sends("aoba", unfinished=True) == []


def test_a_part_whose_friends_are_all_left_out_is_opened_and_has_nobody(store: Store) -> None:
    send_id = frozen(store, batch(0, 1, 2, status=BatchStatus.STAGED))
    store.conclude(send_id, SendStatus.RELEASED, NOW)
    before = store.sends("aoba")[0].recipients
    store.open_wave(send_id, 0, NOW + MINUTE, without=(1, 2))
    (send,) = store.sends("aoba")
    assert (send.status, send.recipients, send.capped) == (SendStatus.FROZEN, before - 2, 2)
    assert store.claim(send_id, "w", NOW, MINUTE, 9) == []


def test_notes_of_one_action_are_found_since_a_moment(store: Store) -> None:
    for minutes, action in enumerate(("halt", "resume", "halt")):
        store.note(AuditEntry(NOW + minutes * MINUTE, "aoba", "mika", action, "aoba"))
    store.note(AuditEntry(NOW, "other", "mika", "halt", "other"))
    assert [note.at for note in store.noted("aoba", "halt", NOW)] == [NOW, NOW + 2 * MINUTE]
    assert [note.at for note in store.noted("aoba", "halt", NOW + MINUTE)] == [NOW + 2 * MINUTE]
    assert store.noted("aoba", "send", NOW) == []


def test_notes_about_some_subjects_are_found_since_a_moment(store: Store) -> None:
    for minutes, subject in enumerate(("campaign.a/1", "campaign.b/1", "campaign.c/1", "campaign.a/1")):
        store.note(AuditEntry(NOW + minutes * MINUTE, "aoba", "mika", "stopped by G202", subject))
    store.note(AuditEntry(NOW, "other", "mika", "stopped by G202", "campaign.a/1"))
    asked = ["campaign.a/1", "campaign.b/1"]
    assert [note.at for note in store.noted_about("aoba", asked, NOW)] == [NOW, NOW + MINUTE, NOW + 3 * MINUTE]
    assert [note.at for note in store.noted_about("aoba", asked, NOW + 2 * MINUTE)] == [NOW + 3 * MINUTE]
    assert store.noted_about("aoba", [], NOW) == []


def test_a_store_of_the_first_version_is_brought_to_this_one(fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as old:
        old.setattr(migrations, "STEPS", migrations.STEPS[:1])
        old.setattr(migrations, "VERSION", 1)
        with open_store(fresh_url) as store:
            store.migrate()
            assert isinstance(store, SqlStore)
            with store.writing() as connection:
                for statement in _OLD_ROWS:
                    connection.execute(sa.text(statement), {"ids": pack_ids(())} if ":ids" in statement else {})
    with open_store(fresh_url) as store:
        store.migrate()
        (send,) = store.sends("aoba")
        assert (send.capped, send.batches) == (0, {BatchStatus.READY: 1})
        assert [one.digest for one in store.contacts("aoba", NOW - HOUR, NOW)] == [b""]


_THEN = "'2026-12-01 01:00:00.000000'"
_OLD_ROWS = (
    "INSERT INTO accounts (id, name, bot) VALUES (1, 'aoba', '')",
    f"""INSERT INTO sends
        (id, account_id, address, digest, key, due_at, status, recipients, recipients_hash, reason, frozen_at,
        changed_at)
        VALUES (1, 1, 'campaign.a', 'd', 'k', {_THEN}, 'frozen', 1, '', '', {_THEN}, {_THEN})""",  # noqa: S608
    """INSERT INTO batches
        (id, send_id, seq, route, recipients, friend_ids, body, retry_key, status, attempts, worker, request_id, reason)
        VALUES (1, 1, 0, 'broadcast', 0, :ids, :ids, '00000000000000000000000000000001', 'ready', 0, '', '', '')""",
)
