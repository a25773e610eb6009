"""A store in which every table has rows, written by its own ports, with values that are easily spoilt on their way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from lineform.lineapi.rates import rate_for
from lineform.lineapi.routes import Route
from lineform.ports.audit import AuditEntry
from lineform.ports.conversations import Conversation, MemberNonce
from lineform.ports.friends import EventRow, FriendRow
from lineform.ports.inbox import Arrival, Source
from lineform.ports.intake import ItemEvent, NewCall
from lineform.ports.items import Item
from lineform.ports.ledger import Handout, NewBatch, Revision, Settled
from lineform.ports.menus import Linking
from lineform.ports.store import Store
from lineform.scenarios.dialogue import Dialogue
from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.menus import RULES, Choice, Pass
from lineform.scenarios.replies import Answered
from lineform.segments.friend import Value
from lineform.sending.status import BatchStatus
from support.stores import NOW, new_send, user

ACCOUNT = "aoba"
BOT = "U" + "a" * 32
ODD = 'tab\there, \\N, \\\\, "quoted", {braces}, line\nline\r, 髙﨑🌸 '
"""What a way to copy text may take for something else."""
SPLIT = NOW + timedelta(microseconds=123456)
HOUR = timedelta(hours=1)


def fill(store: Store) -> None:
    """The store has its tables, and a key to forget with."""
    store.claim_bot(ACCOUNT, BOT)
    store.claim_bot("kita", "U" + "b" * 32)
    _people(store)
    one, two, three = (store.friend_ids(ACCOUNT, [user(n)])[user(n)] for n in (1, 2, 3))
    _sends(store, (one, two, three))
    _journeys(store, one, two)
    _conversations(store, one)
    _menus(store, one, two)
    _business(store, one)
    store.forget(ACCOUNT, [user(4)], NOW)
    store.take_turns(ACCOUNT, rate_for("POST", "/v2/bot/message/push"), 3, 60.0, SPLIT)
    store.lease("tick/aoba", "machine 1", NOW, HOUR)
    store.note(AuditEntry(SPLIT, ACCOUNT, "花子", "apply", "campaign.winter-sale", ODD))


def _people(store: Store) -> None:
    known: dict[str, Value] = {
        "name": ODD,
        "visits": 10**11 + 1,
        "rate": 0.1 + 0.2,
        "small": -1e-7,
        "vip": True,
        "sizes": ("M", "S"),
    }
    rows = [
        FriendRow(user(1), ODD, "ja", SPLIT, attributes=known, tags=("regular", ODD), route="poster", member_id="m-1"),
        FriendRow(user(2), "", blocked=True),
        FriendRow(user(3), tags=("regular",)),
        FriendRow(user(4), "to be forgotten"),
    ]
    store.import_friends(ACCOUNT, rows, NOW)
    store.import_friends("kita", [FriendRow(user(1))], NOW)
    taps = [EventRow(user(n), "visit", f"v{n}", SPLIT, {"shop": ODD, "yen": 12.5}) for n in (1, 3)]
    store.add_events(ACCOUNT, [*taps, EventRow(user(1), "visit", "old", NOW - 40_000 * 24 * HOUR)], NOW)


def _sends(store: Store, friends: tuple[int, ...]) -> None:
    store.arm(ACCOUNT, Revision("campaign.winter-sale", "d1", NOW, {"text": ODD}, people=3))
    store.arm(ACCOUNT, Revision("campaign.winter-sale", "d2", SPLIT, {"text": "again"}))
    store.import_codes(ACCOUNT, "gift", ["A1", "A2", "A3"], NOW)

    def batches(handout: Handout) -> Iterator[NewBatch]:
        handout.codes("gift", friends[:1])
        handout.targets({"shop": "https://example.com/?a=%E8%8A%B1"})
        for seq, one in enumerate(friends):
            body = bytes(range(256)) + str(seq).encode()
            yield NewBatch(seq, Route.PUSH, (one,), body, UUID(int=2**127 + seq), digest=b"\x00\\x41\xff")

    send = store.freeze(ACCOUNT, new_send(frame=b"\\x00\x00", does=True), batches, NOW)
    assert send is not None
    claimed = store.claim(send, "worker", SPLIT, HOUR, 2)
    store.settle_all([Settled(claimed[0].id, BatchStatus.ACCEPTED, "request-1", does=True)], SPLIT)
    store.intend_uploads(ACCOUNT, 2**40, [friends, (2**33,)])


def _journeys(store: Store, one: int, two: int) -> None:
    course = Enrolment("welcome", one, "", 1, "abcd", State.ACTIVE, "story", NOW, NOW, NOW + HOUR, NOW)
    store.save_enrolments(ACCOUNT, [course], NOW)
    store.queue_happenings(ACCOUNT, [Happening("t1", two, What.TEXT, NOW, "", ODD)], NOW)
    store.new_happenings(ACCOUNT, [Happening("f1", one, What.FOLLOW, NOW)], SPLIT)
    store.sweep_done(ACCOUNT, "segments", SPLIT)
    store.ask_profiles(ACCOUNT, [two], NOW)


def _conversations(store: Store, one: int) -> None:
    answers, undecided = {"name": ODD, "news": None}, {"days": ("sat",)}
    talk = Dialogue("profile", "k", "likes", NOW, SPLIT, answers=answers, picked=("meat",), undecided=undecided)
    store.save_conversations(ACCOUNT, [Conversation(one, {"profile": talk}, {"anything": Answered(NOW, "e1")})])
    store.keep_nonces(ACCOUNT, [MemberNonce("f" * 64, "m-1", NOW + HOUR)], NOW)


def _menus(store: Store, one: int, two: int) -> None:
    for friend, menu in ((one, "gold"), (two, "plain")):
        store.intend_menus(ACCOUNT, [Linking(Choice(menu, menu, RULES, link=True), (friend,))], menu, NOW)
    store.confirm_menus(ACCOUNT, [one], "gold")
    store.note_menu_pass(ACCOUNT, Pass("d1", NOW, timedelta(milliseconds=1234)))


def _business(store: Store, one: int) -> None:
    store.receive([Arrival(ACCOUNT, "e9", Source.LINE, user(3), "message", NOW, '{"text":"\\u82b1"}', "m9")], NOW)
    store.add_key(ACCOUNT, "shop", "a" * 64, NOW)
    store.intend_calls(ACCOUNT, [NewCall(one, "crm", "call-1", '{"a":"\\n"}')], NOW)
    store.add_item_events(ACCOUNT, [ItemEvent("price", "i1", "tea", NOW, {"yen": 980})])
    store.import_items(ACCOUNT, [Item("tea", {"name": "緑茶", "price": 980.5}), Item("cup", {})], NOW)
    store.intend_coupon(ACCOUNT, "winter", "h", SPLIT)
