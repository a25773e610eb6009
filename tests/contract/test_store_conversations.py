"""What every store owes about conversations: where friends are in forms, what answered them, and member links."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from lineform.ports.conversations import Conversation, MemberNonce
from lineform.ports.friends import FriendRow
from lineform.ports.store import Store
from lineform.scenarios.answering import Standing
from lineform.scenarios.dialogue import Dialogue
from lineform.scenarios.replies import Answered
from lineform.store import open_store
from lineform.store.open import SqlStore
from lineform.store.tables import dialogues
from support.stores import NOW, user

LATER = NOW + timedelta(minutes=5)
TALK = Dialogue(
    form="profile",
    key="reply.start/e1",
    at="likes",
    began_at=NOW,
    touched_at=LATER,
    answers={"gender": "female", "visits": 3, "news": True, "phone": None, "sizes": ("M", "S"), "name": "佐藤「花子」"},
    beside={"postcode": "1500001"},
    picked=("meat",),
    open=False,
    heard={"gender": "e1"},
    undecided={"days": ("sat", "sun"), "times": ()},
)


def known(store: Store, *numbers: int, account: str = "aoba") -> list[int]:
    store.import_friends(account, [FriendRow(user(number)) for number in numbers], NOW)
    ids = store.friend_ids(account, [user(number) for number in numbers])
    return [ids[user(number)] for number in numbers]


def test_a_dialogue_comes_back_whole(store: Store) -> None:
    one, other = known(store, 1, 2)
    mark = Answered(NOW, "e1")
    store.save_conversations("aoba", [Conversation(one, {"profile": TALK}, {"anything": mark})])
    assert store.standings("aoba", [one, other]) == {one: Standing({"profile": TALK}, {"anything": mark})}


def test_what_changes_takes_the_place_of_what_was_and_what_is_over_goes(store: Store) -> None:
    (one,) = known(store, 1)
    survey = Dialogue("survey", "k", "x", NOW, NOW)
    store.save_conversations(
        "aoba", [Conversation(one, {"profile": TALK, "survey": survey}, {"a": Answered(NOW, "e1")})]
    )
    after = Dialogue("profile", "k2", "gender", LATER, LATER)
    store.save_conversations(
        "aoba", [Conversation(one, {"profile": after, "survey": None}, {"a": Answered(LATER, "e2")})]
    )
    assert store.standings("aoba", [one]) == {one: Standing({"profile": after}, {"a": Answered(LATER, "e2")})}
    store.save_conversations("aoba", [])
    store.save_conversations("aoba", [Conversation(one, {"profile": None, "nothing": None}, {})])
    assert store.standings("aoba", [one]) == {one: Standing({}, {"a": Answered(LATER, "e2")})}


def test_what_a_worker_of_an_older_version_writes_down_meanwhile_is_read(store: Store) -> None:
    (one,) = known(store, 1)
    store.save_conversations("aoba", [Conversation(one, {"profile": TALK}, {})])
    assert isinstance(store, SqlStore)
    with store.writing() as connection:
        names = [column.name for column in dialogues.columns if column.name not in {"form", "undecided"}]
        row = sa.select(sa.literal("survey"), *(dialogues.c[name] for name in names))
        connection.execute(sa.insert(dialogues).from_select(["form", *names], row, include_defaults=False))
    assert store.standings("aoba", [one])[one].dialogues["survey"] == replace(TALK, form="survey", undecided={})


def test_no_account_sees_the_conversations_of_another(store: Store) -> None:
    (one,) = known(store, 1)
    known(store, 1, account="kita")
    store.save_conversations("aoba", [Conversation(one, {"profile": TALK}, {})])
    assert store.standings("kita", [one]) == {}
    assert store.standings("nobody", [one]) == {}


def test_a_nonce_is_redeemed_once_and_only_before_it_is_over(store: Store) -> None:
    hour = timedelta(hours=1)
    store.keep_nonces("aoba", [MemberNonce("h1", "m-1", NOW + hour), MemberNonce("h2", "m-2", NOW + hour)], NOW)
    assert store.redeem_nonce("kita", "h1", "e0", NOW) == ""
    assert store.redeem_nonce("aoba", "h1", "e1", LATER) == "m-1"
    assert store.redeem_nonce("aoba", "h1", "e1", LATER) == "m-1"  # the same webhook, worked again after a crash
    assert store.redeem_nonce("aoba", "h1", "e2", LATER) == ""
    assert store.redeem_nonce("aoba", "h2", "e3", NOW + hour) == ""
    assert store.redeem_nonce("aoba", "none", "e4", NOW) == ""


def test_nonces_that_have_been_over_for_a_day_are_deleted_when_others_come(store: Store) -> None:
    hour = timedelta(hours=1)
    store.keep_nonces("aoba", [MemberNonce("h1", "m-1", NOW + hour)], NOW)
    store.keep_nonces("aoba", [MemberNonce("h2", "m-2", NOW + 30 * hour)], NOW + 2 * hour)
    # LINE's answer came in time, and waited for a server that was down.
    assert store.redeem_nonce("aoba", "h1", "e1", NOW) == "m-1"
    store.keep_nonces("aoba", [MemberNonce("h3", "m-3", NOW + 30 * hour)], NOW + 25 * hour)
    assert isinstance(store, SqlStore)
    with store.reading() as connection:
        assert list(connection.execute(sa.text("SELECT hash FROM member_nonces")).scalars()) == ["h2", "h3"]


def test_who_is_forgotten_is_in_no_conversation_any_more(store_url: str) -> None:
    with open_store(store_url, "a secret that never changes") as store:
        assert isinstance(store, SqlStore)
        one, other = known(store, 1, 2)
        store.import_friends("aoba", [FriendRow(user(1), member_id="m-1")], NOW)
        mark = {"anything": Answered(NOW, "e1")}
        store.save_conversations("aoba", [Conversation(friend, {"profile": TALK}, mark) for friend in (one, other)])
        later = NOW + timedelta(days=1)
        store.keep_nonces("aoba", [MemberNonce("h1", "m-1", later), MemberNonce("h2", "m-2", later)], NOW)
        store.forget("aoba", [user(1)], NOW)
        assert store.standings("aoba", [one, other]).keys() == {other}
        with store.reading() as connection:
            for table in ("dialogues", "answered"):
                assert connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar() == 1  # noqa: S608
            assert list(connection.execute(sa.text("SELECT hash FROM member_nonces")).scalars()) == ["h2"]
