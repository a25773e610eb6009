"""What a large freeze keeps waiting, and what it does not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from uuid import UUID, uuid4

import pytest

from lineform.lineapi.routes import Route
from lineform.ports.audit import AuditEntry
from lineform.ports.friends import FriendRow
from lineform.ports.ledger import LedgerMoved, NewBatch, NewSend, Rejudged, Spent
from lineform.ports.store import Store
from lineform.sending.caps import Contact
from lineform.sending.status import BatchStatus
from lineform.store import freezing, open_store, spool
from support.postgres import empty
from support.stores import NOW, Unread, new_batches, new_send, user

BEFORE_A_TOKEN_DIES = 20
HELD_BACK = 0.2


def answer(store: Store, key: str = "hello", friend: int = 7) -> int | None:
    (one,) = new_batches(1, (friend,), Route.REPLY)
    batch = NewBatch(0, Route.REPLY, one.friend_ids, one.body, one.retry_key, status=BatchStatus.ANSWERING)
    return store.freeze("aoba", reply(key), [batch], NOW, answers=True)


def reply(key: str) -> NewSend:
    return new_send(key, address="reply.hello", recipients=1)


class Large:
    """A send whose freeze takes until it is told to end."""

    def __init__(self) -> None:
        self.begun, self.end = Event(), Event()

    def batches(self, _: object) -> Iterator[NewBatch]:
        self.begun.set()
        assert self.end.wait(60)
        yield from new_batches(1)


@pytest.fixture
def shared_url(postgres_url: str) -> str:
    empty(postgres_url)
    return postgres_url


def test_an_answer_does_not_wait_for_a_large_freeze(shared_url: str) -> None:
    large = Large()
    with open_store(shared_url) as one, open_store(shared_url) as other, ThreadPoolExecutor(2) as pool:
        one.freeze("aoba", new_send("before"), [], NOW)
        frozen = pool.submit(one.freeze, "aoba", new_send("large"), large.batches, NOW)
        try:
            assert large.begun.wait(20)
            answered = pool.submit(answer, other)
            assert answered.result(BEFORE_A_TOKEN_DIES) is not None
            assert not frozen.done()
        finally:
            large.end.set()
        assert frozen.result(20) is not None


def test_a_position_is_read_when_no_freeze_is_under_way(shared_url: str) -> None:
    """The large send has a lower number than the answer, and is seen later: who is chosen by the answer's number would
    not see that friends of the large send were taken."""
    large = Large()
    with open_store(shared_url) as one, open_store(shared_url) as other, ThreadPoolExecutor(2) as pool:
        one.freeze("aoba", new_send("before"), [], NOW)
        frozen = pool.submit(one.freeze, "aoba", new_send("large"), large.batches, NOW)
        try:
            assert large.begun.wait(20)
            answer(other)
            position = pool.submit(other.ledger_position, "aoba")
            with pytest.raises(TimeoutError):
                position.result(HELD_BACK)
        finally:
            large.end.set()
        frozen.result(20)
        position.result(20)
        assert [len(list(one.friend_ids)) for one in other.contacts("aoba", NOW, NOW)] == [3]


def test_answers_and_what_reached_nobody_do_not_make_a_choice_old(store: Store) -> None:
    before = store.ledger_position("aoba")
    answer(store)
    store.freeze("aoba", new_send("skipped"), [], NOW)
    assert store.freeze("aoba", new_send("a"), new_batches(1), NOW, position=before) is not None
    with pytest.raises(LedgerMoved):
        store.freeze("aoba", new_send("b"), new_batches(1), NOW, position=before)


def note(url: str) -> None:
    with open_store(url) as other:
        other.note(AuditEntry(NOW, "aoba", "a webhook", "kept", "aoba"))


def test_whoever_has_to_write_does_not_wait_while_a_send_is_made(store: Store, store_url: str) -> None:
    store.freeze("aoba", new_send("before"), [], NOW)

    def made() -> Iterator[NewBatch]:
        yield from new_batches(1)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(note, store_url).result(20)

    assert store.freeze("aoba", new_send("large"), made(), NOW) is not None
    assert [one.action for one in store.notes("aoba", limit=9)] == ["kept"]


def test_what_is_made_is_in_no_file_that_has_a_name(
    store: Store, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(spool, "IN_MEMORY", 10)
    seen: list[set[str]] = []

    def made(*, fails: bool) -> Iterator[NewBatch]:
        for count, batch in enumerate(new_batches(2000)):
            if count % 600 == 599:
                seen.append({path.name for path in tmp_path.rglob("*") if not path.name.startswith("store.db")})
            yield batch
        if fails:
            raise RuntimeError("it ends here")

    with pytest.raises(RuntimeError):
        store.freeze("aoba", new_send("a"), made(fails=True), NOW)
    assert store.sends("aoba") == []
    send_id = store.freeze("aoba", new_send("a"), made(fails=False), NOW)
    assert send_id is not None
    assert len(store.frozen_friends(send_id)) == 6000
    assert seen == [{"temporary"}] * 6


def test_a_send_that_exists_is_not_made_again(store: Store) -> None:
    store.freeze("aoba", new_send("a"), [], NOW)

    assert store.freeze("aoba", new_send("a"), Unread(), NOW) is None


def test_what_was_made_while_somebody_was_forgotten_is_not_written(store_url: str) -> None:
    """Their name may be in it."""
    with open_store(store_url, forget_secret="a secret of the tests") as store:
        store.import_friends("aoba", [FriendRow(user(1), "Aoi"), FriendRow(user(2), "Ren")], NOW)

        def made() -> Iterator[NewBatch]:
            yield from new_batches(1)
            store.forget("aoba", [user(1)], NOW)

        with pytest.raises(LedgerMoved):
            store.freeze("aoba", new_send("a"), made(), NOW)
        assert store.sends("aoba") == []
        assert store.freeze("aoba", new_send("a"), new_batches(1), NOW) is not None


def test_friends_whom_others_reached_are_judged_again_and_left_out(store: Store) -> None:
    before = store.ledger_position("aoba")
    store.freeze("aoba", new_send("step", address="scenario.a"), new_batches(1, (2, 4)), NOW)
    asked: list[tuple[int, ...]] = []
    key = uuid4()
    batches = [
        *(NewBatch(seq, Route.MULTICAST, (1, 2, 3), b"all", uuid4(), wave=seq) for seq in range(2)),
        NewBatch(2, Route.MULTICAST, (2, 5), b"two", uuid4()),
        NewBatch(3, Route.PUSH, (2,), b"own", uuid4()),
        NewBatch(4, Route.PUSH, (6,), b"own", uuid4()),
        NewBatch(5, Route.MULTICAST, (2, 9), b"", uuid4(), status=BatchStatus.CAPPED),
    ]
    whole = {one.seq: one.retry_key for one in batches}

    def again(newer: Sequence[Contact], spent: Spent | None) -> Rejudged:
        asked.extend(tuple(one.friend_ids) for one in newer)
        assert spent is None
        waits = NewBatch(99, Route.MULTICAST, (2,), b"", uuid4(), status=BatchStatus.CAPPED)

        def call(route: Route, ids: Sequence[int]) -> tuple[Route, UUID]:
            return (route if len(ids) > 1 else Route.PUSH), key

        return Rejudged(new_send("a", recipients=4), call, {2}, [waits])

    send_id = store.freeze("aoba", new_send("a", recipients=9), batches, NOW, position=before, again=again)
    assert send_id is not None
    assert asked == [(2, 4)]
    written = store.send("aoba", new_send().address, "a")
    assert written is not None
    assert written.recipients == 4
    claimed = store.claim(send_id, "w", NOW, timedelta(minutes=1), 99)
    assert [(one.seq, one.route, one.friend_ids, one.body, one.retry_key) for one in claimed] == [
        (0, Route.MULTICAST, (1, 3), b"all", key),
        (1, Route.MULTICAST, (1, 3), b"all", key),
        (2, Route.PUSH, (5,), b"two", key),
        (4, Route.PUSH, (6,), b"own", whole[4]),
    ]
    assert sorted(store.frozen_friends(send_id, capped=True)) == [2, 2, 9]


@pytest.mark.parametrize("others", [(), tuple(range(1, 12))])
def test_a_choice_is_made_anew_where_everybody_or_too_many_were_reached(
    store: Store, others: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "MANY", 10)
    before = store.ledger_position("aoba")
    route = Route.MULTICAST if others else Route.BROADCAST
    store.freeze("aoba", new_send("other"), new_batches(1, others, route), NOW)

    def again(newer: Sequence[Contact], spent: Spent | None) -> Rejudged:
        raise AssertionError((newer, spent))

    with pytest.raises(LedgerMoved):
        store.freeze("aoba", new_send("a"), new_batches(1), NOW, position=before, again=again)
