"""Who is forgotten is nowhere any more: in no table, in no file, in nothing that is still to be sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from lineform.errors import CredentialError, LockedError
from lineform.lineapi.routes import Route
from lineform.ports.audit import AuditEntry
from lineform.ports.friends import EventRow, FriendCount, FriendRow, ImportCount
from lineform.ports.inbox import Arrival, Source
from lineform.ports.ledger import NewBatch, Settled
from lineform.ports.store import Store
from lineform.segments.predicate import EVERYONE
from lineform.sending.frames import Frame, filling
from lineform.sending.status import BatchStatus, SendStatus
from lineform.store import open_store
from lineform.store.forgotten import KEY_NAME
from lineform.store.open import SqlStore
from support.stores import NOW, new_send, user

SECRET = "a secret that never changes"
LATER = NOW + timedelta(hours=1)
HANAKO, TARO = 0xABCDEF0123456789ABCDEF0123456789, 2
VALUES = ("花子🌸ハナコ", "家族の名は佐藤", "1987-06-05", "9876543219", "珈琲と紅茶", "緑の会員")
ROWS = [
    FriendRow(
        user(HANAKO),
        VALUES[0],
        "ja",
        NOW,
        attributes={
            "name": VALUES[1],
            "born": VALUES[2],
            "points": 9876543219,
            "likes": (VALUES[4],),
            "tier": VALUES[5],
        },
        tags=("vip",),
    ),
    FriendRow(user(TARO), "太郎", attributes={"name": "鈴木"}, tags=("vip",)),
    FriendRow(user(3)),
]


@contextmanager
def opened(url: str, secret: str = SECRET) -> Iterator[SqlStore]:
    with open_store(url, secret) as store:
        assert isinstance(store, SqlStore)
        yield store


@pytest.fixture
def known(store_url: str) -> Iterator[SqlStore]:
    """A store with three friends."""
    with opened(store_url) as store:
        store.import_friends("aoba", ROWS, NOW)
        yield store


def ids_of(store: Store, *numbers: int) -> tuple[int, ...]:
    found = store.friend_ids("aoba", [user(number) for number in numbers])
    return tuple(found[user(number)] for number in numbers)


def batch(seq: int, ids: tuple[int, ...], text: str) -> NewBatch:
    route = Route.MULTICAST if len(ids) > 1 else Route.PUSH
    return NewBatch(seq, route, ids, f'{{"messages":[{{"type":"text","text":"{text}"}}]}}'.encode(), UUID(int=seq))


def bodies(store: SqlStore) -> dict[int, tuple[str, bytes]]:
    with store.reading() as connection:
        rows = connection.execute(sa.text("SELECT seq, status, body FROM batches ORDER BY seq")).all()
    return {row.seq: (row.status, bytes(row.body)) for row in rows}


def everything(store: SqlStore) -> str:
    """All values of all tables, as one text."""
    parts: list[str] = []
    with store.reading() as connection:
        for table in sa.inspect(store.engine).get_table_names():
            for row in connection.execute(sa.select(sa.text("*")).select_from(sa.table(table))):
                parts += [_shown(value) for value in row]
    return "\n".join(parts)


def _shown(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


def files_of(url: str) -> dict[str, bytes]:
    path = sa.make_url(url).database
    assert path is not None
    return {file.name: file.read_bytes() for file in Path(path).parent.iterdir() if file.is_file()}


def test_nothing_of_a_forgotten_person_stays_in_any_table_or_file(known: SqlStore, store_url: str) -> None:
    hanako, taro = ids_of(known, HANAKO, TARO)
    sent = [batch(0, (hanako,), f"{VALUES[1]}さま {user(HANAKO)}"), batch(1, (taro,), "鈴木さま")]
    sent += [batch(2, (hanako, taro), f"{VALUES[5]}の方へ"), batch(3, (hanako, taro), "みなさまへ")]
    send_id = known.freeze("aoba", new_send(), sent, NOW)
    assert send_id is not None
    claimed = known.claim(send_id, "w", NOW, timedelta(minutes=1), 9)
    said = f"{user(HANAKO)} cannot be reached"
    known.settle_all([Settled(one.id, BatchStatus.ACCEPTED, "r", said if one.seq == 0 else "") for one in claimed], NOW)
    known.conclude(send_id, SendStatus.SENT, NOW, reason=said)
    known.note(AuditEntry(NOW, "aoba", "somebody", "explain", user(HANAKO), f"asked about {user(HANAKO)}"))
    bought = EventRow(user(HANAKO), "purchase", "receipt-4711-hanako", NOW, {"what": "秘密の買い物"})
    assert known.add_events("aoba", [bought, EventRow(user(TARO), "visit", "v1", NOW)], NOW).added == 2
    # An earlier version of the row, which an update leaves in a page's free space.
    known.import_friends(
        "aoba", [FriendRow(user(HANAKO), f"{VALUES[0]}の前の長い長い名前", attributes={"x": "前"})], NOW
    )
    known.import_friends("aoba", [FriendRow(user(HANAKO), VALUES[0])], LATER)
    before = everything(known)
    assert all(value in before for value in (user(HANAKO), *VALUES))

    assert known.forget("aoba", [user(HANAKO)], LATER).friends == 1

    after = everything(known)
    for value in (user(HANAKO), user(HANAKO)[1:], *VALUES, "前の長い長い名前", "receipt-4711", "秘密の買い物"):
        assert value not in after, value
        if not known.postgres:
            for name, content in files_of(store_url).items():
                assert value.encode() not in content, f"{value} in {name}"
    assert "鈴木" in after
    assert {seq: bool(body) for seq, (_, body) in bodies(known).items()} == {0: False, 1: True, 2: False, 3: True}
    (send,) = known.sends("aoba")
    assert (send.accepted_recipients, send.batches) == (6, {BatchStatus.ACCEPTED: 4})


def test_what_filled_a_frame_for_a_forgotten_person_is_erased_and_the_frame_stays(known: SqlStore) -> None:
    """The frame is what stands in git; what was a person's own is recorded with the batch alone."""
    hanako, taro = ids_of(known, HANAKO, TARO)
    frame = Frame(['{"messages":[{"text":"緑の会員の'.encode(), 'さま"}]}'.encode()])
    own = [
        NewBatch(0, Route.PUSH, (hanako,), filling([VALUES[1].encode()]), UUID(int=0)),
        NewBatch(1, Route.PUSH, (taro,), filling(["鈴木".encode()]), UUID(int=1)),
        NewBatch(2, Route.MULTICAST, (hanako, taro), filling(["みなさ".encode()]), UUID(int=2)),
        NewBatch(3, Route.MULTICAST, (hanako, taro), filling([VALUES[4].encode()]), UUID(int=3)),
    ]
    send_id = known.freeze("aoba", new_send(frame=frame.recorded()), own, NOW)
    assert send_id is not None
    (first, *_) = known.claim(send_id, "w", NOW, timedelta(minutes=1), 1)
    known.settle(first.id, BatchStatus.ACCEPTED, NOW)
    assert known.forget("aoba", [user(HANAKO)], LATER).stopped == 0
    assert VALUES[1] not in everything(known)
    claimed = known.claim(send_id, "w", LATER, timedelta(minutes=1), 9)
    assert {one.seq: one.body for one in claimed} == {
        seq: frame.whole([value.encode()]) for seq, value in ((1, "鈴木"), (2, "みなさ"), (3, VALUES[4]))
    }
    known.settle_all([Settled(one.id, BatchStatus.ACCEPTED) for one in claimed], LATER)
    known.forget("aoba", [user(TARO)], LATER)
    assert {seq: body for seq, (_, body) in bodies(known).items()} == dict.fromkeys(range(4), b"")


def test_a_forgotten_friend_is_nobody_in_every_question(known: SqlStore) -> None:
    (hanako,) = ids_of(known, HANAKO)
    known.forget("aoba", [user(HANAKO)], LATER)
    assert known.count_friends("aoba") == FriendCount(2, 0)
    assert hanako not in set(known.select("aoba", EVERYONE, LATER))
    assert known.friends("aoba", [hanako]) == []
    assert known.line_ids("aoba", [hanako]) == {}
    assert known.friend_ids("aoba", [user(HANAKO)]) == {}
    assert [friend.user_id for friend in known.every_friend("aoba")] == [user(TARO), user(3)]


def test_what_is_on_its_way_to_the_forgotten_alone_is_stopped(known: SqlStore) -> None:
    hanako, taro = ids_of(known, HANAKO, TARO)
    waiting = [batch(0, (hanako,), VALUES[1]), batch(1, (taro,), "鈴木"), batch(2, (hanako, taro), "みなさま")]
    send_id = known.freeze("aoba", new_send(), waiting, NOW)
    assert send_id is not None
    assert known.forget("aoba", [user(HANAKO)], LATER).stopped == 1
    found = bodies(known)
    assert found[0] == (BatchStatus.FORGOTTEN, b"")
    assert [found[seq][0] for seq in (1, 2)] == [BatchStatus.READY, BatchStatus.READY]
    assert [one.seq for one in known.claim(send_id, "w", LATER, timedelta(minutes=1), 9)] == [1, 2]


def test_a_batch_whose_last_recipients_are_forgotten_is_stopped(known: SqlStore) -> None:
    known.freeze("aoba", new_send(), [batch(0, ids_of(known, HANAKO, TARO), "同じ")], NOW)
    assert known.forget("aoba", [user(TARO)], LATER).stopped == 0
    assert known.forget("aoba", [user(HANAKO)], LATER).stopped == 1
    assert bodies(known) == {0: (BatchStatus.FORGOTTEN, b"")}


def test_while_a_call_is_under_way_nobody_is_forgotten(known: SqlStore) -> None:
    send_id = known.freeze("aoba", new_send(), [batch(0, ids_of(known, HANAKO), VALUES[1])], NOW)
    assert send_id is not None
    known.claim(send_id, "w", NOW, timedelta(minutes=5), 9)
    with pytest.raises(LockedError, match="being sent right now"):
        known.forget("aoba", [user(TARO), user(HANAKO)], NOW + timedelta(minutes=1))
    assert known.count_friends("aoba").friends == 3
    assert known.was_forgotten("aoba", [user(TARO)]) == frozenset()
    # The caller is gone, and nobody will ever learn what became of its call.
    assert known.forget("aoba", [user(HANAKO)], LATER).stopped == 1
    assert bodies(known) == {0: (BatchStatus.UNCERTAIN, b"")}


def test_the_forgotten_are_not_imported_again(known: SqlStore) -> None:
    known.forget("aoba", [user(HANAKO)], LATER)
    again = known.import_friends("aoba", [*ROWS, FriendRow(user(4))], LATER)
    assert again == ImportCount(added=1, unchanged=2, forgotten=1)
    assert known.count_friends("aoba").friends == 3
    assert known.was_forgotten("aoba", [user(HANAKO), user(4)]) == {user(HANAKO)}
    assert user(HANAKO) not in everything(known)


def test_another_account_still_knows_the_person(known: SqlStore) -> None:
    known.import_friends("other", ROWS, NOW)
    known.forget("aoba", [user(HANAKO)], LATER)
    assert known.count_friends("other").friends == 3
    assert known.was_forgotten("other", [user(HANAKO)]) == frozenset()
    assert known.import_friends("other", ROWS, LATER) == ImportCount(unchanged=3)


def test_forgetting_again_changes_nothing_and_a_stranger_is_kept_out_too(known: SqlStore) -> None:
    first = known.forget("aoba", [user(HANAKO), user(77), user(77)], LATER)
    assert (first.friends, first.strangers) == (1, 1)
    again = known.forget("aoba", [user(HANAKO), user(77)], LATER)
    assert (again.friends, again.strangers, again.stopped) == (0, 0, 0)
    assert known.import_friends("aoba", [FriendRow(user(77))], LATER) == ImportCount(forgotten=1)
    assert known.count_friends("aoba") == FriendCount(2, 0)


@pytest.mark.parametrize("forgotten_before", [False, True])
def test_whoever_is_no_friend_is_erased_where_something_came_in_of_them(
    known: SqlStore, store_url: str, forgotten_before: bool
) -> None:
    """Nobody whom the account ever knew, and somebody whom the shop names again after they were forgotten."""
    person = user(HANAKO) if forgotten_before else user(77)
    if forgotten_before:
        known.forget("aoba", [person], NOW)
    body = f'{{"user_id":"{person}","fields":{{"what":"secret-purchase"}}}}'
    known.receive([Arrival("aoba", "shop/purchase/p1", Source.SHOP, person, "purchase", NOW, body)], NOW)
    group = f'{{"joined":{{"members":[{{"userId":"{person}"}}]}}}}'
    known.receive([Arrival("aoba", "g1", Source.LINE, "", "memberJoined", NOW, group)], NOW)
    known.receive([Arrival("other", "o1", Source.SHOP, user(TARO), "purchase", NOW, "other-account")], NOW)
    known.note(AuditEntry(NOW, "aoba", "somebody", "explain", person, f"asked about {person}"))
    assert known.forget("aoba", [person], LATER).friends == 0
    after = everything(known)
    assert "other-account" in after
    for value in (person, "secret-purchase"):
        assert value not in after
        if not known.postgres:
            assert not [name for name, content in files_of(store_url).items() if value.encode() in content]


def test_an_id_is_never_used_again(known: SqlStore) -> None:
    before = ids_of(known, HANAKO, TARO, 3)
    known.forget("aoba", [user(3)], LATER)
    known.import_friends("aoba", [FriendRow(user(5))], LATER)
    assert ids_of(known, 5)[0] not in before


@pytest.mark.parametrize(("secret", "said"), [("", "is not set"), ("short", "shorter than")])
def test_without_a_good_key_nobody_is_forgotten(store_url: str, secret: str, said: str) -> None:
    with opened(store_url, secret) as store:
        store.import_friends("aoba", ROWS, NOW)
        with pytest.raises(CredentialError, match=f"{KEY_NAME}.*{said}") as caught:
            store.forget("aoba", [user(HANAKO)], LATER)
        assert user(HANAKO) not in str(caught.value) + caught.value.hint
        assert store.count_friends("aoba").friends == 3


@pytest.mark.parametrize(("secret", "said"), [("", "is not set"), ("another secret of good length", "another key")])
def test_the_forgotten_are_never_taken_for_strangers(store_url: str, secret: str, said: str) -> None:
    with opened(store_url) as store:
        store.import_friends("aoba", ROWS, NOW)
        store.forget("aoba", [user(HANAKO)], LATER)
    with opened(store_url, secret) as store:
        for act in (
            lambda: store.import_friends("aoba", ROWS, LATER),
            lambda: store.was_forgotten("aoba", [user(1)]),
            lambda: store.forget("aoba", [user(TARO)], LATER),
        ):
            with pytest.raises(CredentialError, match=said):
                act()
        assert store.count_friends("aoba").friends == 2
        # Friends whom the store knows are no question: nothing has to be recognised.
        assert store.import_friends("aoba", ROWS[1:], LATER) == ImportCount(unchanged=2)


def test_every_friend_is_told_once_in_the_order_of_their_ids(store: Store) -> None:
    numbers = [*range(11_000)]
    store.import_friends("aoba", (FriendRow(user(n * 7919 % 11_000), blocked=n % 3 == 0) for n in numbers), NOW)
    store.import_friends("other", [FriendRow(user(99_999))], NOW)
    assert [friend.user_id for friend in store.every_friend("aoba")] == [user(n) for n in numbers]
    assert list(store.every_friend("nobody")) == []
