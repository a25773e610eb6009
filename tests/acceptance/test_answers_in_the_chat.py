"""Rows D12, D13, S3 and S6: what people write and tap is answered at the offline LINE, over HTTP, for nothing."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lineform.model.attributes import AttributesSpec
from lineform.model.client import Limits
from lineform.model.code_pool import CodesSpec
from lineform.run.outcome import Outcome
from lineform.scenarios.happening import What
from lineform.scenarios.passes import read_pass
from lineform.sending.status import SendStatus
from support.answering import HOURS, PROFILE, START, WORDS
from support.chatting import KEY, ChatLife, Chats, declared
from support.delivering import DUE, Crash, Dying
from support.living import says, scenario

DAY = timedelta(days=1)
DEAD = "0" * 32
BOOKING = """\
kind: reply
name: booking
when: [{postback: "action=book"}, {tap: main/A1}]
hours: "09:00-19:00"
do: [{send: [{text: ご希望の日をお知らせください}]}, {tag: regular}]
otherwise: [{send: [{text: 受付は9時から19時です}]}]
"""
ANYTHING = """\
kind: reply
name: anything
when: anything
do: [{send: [{text: "{{ friend.name | default('お客様') }}さま、担当者からお返事します"}]}]
"""
POSTER = """\
kind: route
name: poster
title: 駅のポスター
tag: regular
do: [{send: [{text: ポスターからようこそ}]}, {form: profile}]
"""


@pytest.fixture
def chat(origin: str, tmp_path: Path) -> Chats:
    def make(*texts: str, specs: Any = (), **settings: Any) -> ChatLife:
        words = declared(WORDS)
        assert isinstance(words, AttributesSpec)
        here = ChatLife(origin, tmp_path, words, *(declared(text) for text in texts), *specs, **settings)
        here.move(DUE)
        return here

    return make


def test_d12_a_keyword_a_postback_and_the_default_are_answered_with_the_reply_token(chat: Chats) -> None:
    here = chat(HOURS, BOOKING, ANYTHING)
    assert here.writes("営業時間") == ["10時から19時です"]
    tapped = here.control.tap(here.account, here.users[0], action={"type": "postback", "data": "action=book"})
    here.came(tapped["event"])
    assert here.read()[-1][1] == "ご希望の日をお知らせください"
    assert "regular" in here.known().tags
    assert here.writes("すみません") == ["お客様さま、担当者からお返事します"]
    assert here.writes("もしもし") == []  # the default keeps silent for a while
    assert set(here.kinds()) == {"reply"}
    assert here.control.account(here.account)["used"] == 0  # which costs nothing
    sends = here.with_store(lambda store: store.sends(here.client.name, address="reply.hours"))
    assert [send.status for send in sends] == [SendStatus.SENT]


def test_d12_an_answer_that_nobody_waits_for_is_left_out(chat: Chats) -> None:
    """A quarter of an hour is the default; what else the reply does is done all the same."""
    here = chat(BOOKING, HOURS.replace("do:", "within: 2h\ndo:"))
    now = here.clock.now()
    late = [
        here.happening(What.POSTBACK, text="action=book", reply_token=DEAD, received_at=now),
        here.happening(What.TEXT, text="営業時間", reply_token=DEAD, received_at=now),
    ]
    here.move(DUE + timedelta(minutes=16))
    here.live(*late)
    assert [text for _, text in here.read()] == ["10時から19時です"]
    assert "regular" in here.known().tags
    notes = here.with_store(lambda store: store.notes(here.client.name))
    assert "it was too late for an answer" in {entry.detail for entry in notes}


NIGHTS = Limits.model_validate({"quiet": "21:00-09:00"})


@pytest.mark.parametrize(("within", "read"), [("15m", []), ("1h", []), ("1d", [("12-02 09:00", "10時から19時です")])])
def test_d12_a_late_answer_wakes_nobody_however_often_it_is_looked_at(
    chat: Chats, within: str, read: list[Any]
) -> None:
    here = chat(HOURS.replace("do:", f"within: {within}\ndo:"), limits=NIGHTS)
    here.move(DUE + timedelta(hours=15))
    asked = here.happening(What.TEXT, text="営業時間", reply_token=DEAD, received_at=here.clock.now())
    here.move(here.clock.now() + timedelta(minutes=10 if within == "15m" else 30))
    here.live(asked)
    here.at(here.clock.now() + timedelta(seconds=15))
    assert here.read() == []
    here.at(DUE + timedelta(hours=23))
    here.at(DUE + timedelta(hours=24))
    assert here.read() == read
    notes = {one.detail for one in here.with_store(lambda store: store.notes(here.client.name))}
    assert ("it would be too late for an answer when the quiet hours are over" in notes) == (not read)


def test_d12_a_push_in_place_of_an_answer_keeps_the_limits_and_the_quiet_hours(chat: Chats) -> None:
    """All that goes together is judged once: an answer of two messages is no two answers."""
    limits = Limits.model_validate({"quiet": "21:00-09:00", "per_friend": {"week": 1, "gap": "1h"}})
    here = chat(START.replace("do:", "within: 12h\ndo:"), PROFILE, limits=limits)
    for number in range(3):
        here.move(DUE + timedelta(hours=16, minutes=number))
        here.happens(What.TEXT, text="アンケート", reply_token=DEAD, received_at=here.clock.now())
        here.step()
    assert here.read() == []
    here.at(DUE + timedelta(hours=23))
    assert [text for _, text in here.read()] == ["はじめます", "性別を教えてください"]
    notes = [one.detail for one in here.with_store(lambda store: store.notes(here.client.name))]
    assert notes.count("the friend was over a limit") == 4


def test_d12_late_answers_keep_the_limits(chat: Chats) -> None:
    texts = (text.replace("do:", "within: 2h\ndo:") for text in (HOURS, ANYTHING))
    here = chat(*texts, limits=Limits.model_validate({"per_friend": {"week": 1}}))
    now = here.clock.now()
    late = [
        here.happening(What.TEXT, text=text, reply_token=DEAD, received_at=now) for text in ("営業時間", "もしもし")
    ]
    here.move(DUE + timedelta(hours=1))
    here.live(*late)
    assert [text for _, text in here.read()] == ["10時から19時です"]


def test_d12_an_answer_that_died_with_its_process_wakes_nobody(chat: Chats) -> None:
    here = chat(HOURS.replace("do:", "within: 20h\ndo:"), limits=NIGHTS)
    asked = here.happening(What.TEXT, text="営業時間", reply_token=DEAD, received_at=DUE + timedelta(hours=2))
    here.move(DUE + timedelta(hours=10, minutes=50))
    for number in range(1, 200):
        with suppress(Crash):
            here.live(asked, wrap=partial(Dying, count=[0], at=number, after=True))
        if here.sends():
            break
    assert [send.status for send in here.sends()] == [SendStatus.FROZEN]
    (entry,) = here.at(DUE + timedelta(hours=12)).entries
    assert entry.outcome is Outcome.SKIPPED  # the hours count from when the friend wrote, and end before the night
    here.at(DUE + timedelta(hours=23))
    assert [send.status for send in here.sends()] == [SendStatus.SKIPPED]
    assert here.read() == []


@pytest.mark.parametrize(
    ("limits", "read"),
    [
        ({"quiet": "21:00-09:00"}, ["12-01 10:00", "12-02 09:00"]),
        ({"per_friend": {"gap": "20h"}}, ["12-01 10:00", "12-02 06:00"]),
        ({"monthly_messages": 1}, ["12-01 10:00"]),
    ],
)
def test_s6_a_form_that_a_step_asks_keeps_the_limits_like_messages(chat: Chats, limits: Any, read: list[str]) -> None:
    asking = {"id": "ask", "after": "14h", "do": [{"form": "profile"}]}
    here = chat(PROFILE, specs=[scenario("s", says("a"), asking)], limits=Limits.model_validate(limits))
    here.happens(What.FOLLOW)
    here.until(DUE + DAY)
    assert [at for at, _ in here.read()] == read
    conversing = here.with_store(lambda store: store.standings(here.client.name, here.ids()))
    assert bool(conversing) == (len(read) == 2)


@pytest.mark.parametrize(
    ("does", "read"),
    [
        ("[{send: [{text: '{{ code.gift }}'}]}]", [["A"], [], []]),
        (
            "[{send: [{text: a}, {text: b}, {text: c}, {text: d}, {text: e}]}, {send: [{text: f}]}]",
            [[*"abcdef"], [*"abcde"], [*"abcde"]],
        ),
    ],
)
def test_d12_what_no_reply_takes_is_pushed_within_the_budget(chat: Chats, does: str, read: list[Any]) -> None:
    """A code, which must not be lost with an answer, and a sixth message."""
    pool = CodesSpec.model_validate({"kind": "codes", "name": "gift"})
    reply = f"kind: reply\nname: gift\nwhen: [{{keyword: 特典}}]\ndo: {does}\n"
    here = chat(reply, specs=[pool], limits=Limits.model_validate({"monthly_messages": 1}))
    here.with_store(lambda store: store.import_codes(here.client.name, "gift", ["A", "B"], here.clock.now()))
    assert [here.writes("特典") for _ in range(3)] == read
    notes = [one.detail for one in here.with_store(lambda store: store.notes(here.client.name))]
    assert notes.count("the budget does not allow it") == 2


def test_d12_outside_of_the_hours_another_answer_is_given(chat: Chats) -> None:
    here = chat(BOOKING)
    here.move(DUE + timedelta(hours=11))
    tapped = here.control.tap(here.account, here.users[0], action={"type": "postback", "data": "action=book"})
    here.came(tapped["event"])
    assert [text for _, text in here.read()] == ["受付は9時から19時です"]


def test_d13_a_form_is_answered_in_the_chat_and_what_it_tells_is_known_at_once(chat: Chats) -> None:
    reminder = scenario("after-form", says("thanks", 0, text="ご回答の特典です"), trigger={"form": "profile"})
    here = chat(START, PROFILE, HOURS, specs=[reminder])
    assert here.writes("アンケート") == ["はじめます", "性別を教えてください"]
    assert here.taps("女性") == ["お好きなものは？"]
    here.taps("魚")
    assert here.taps("決定") == ["ネイルのご予定は？"]
    assert here.writes("営業時間") == ["10時から19時です", "ネイルのご予定は？"]
    assert here.taps("いいえ") == ["お誕生日は？"]
    assert here.taps("日付を選ぶ", initial="1990-05-06") == ["ご来店は何回目ですか？"]
    assert here.writes("0") == ["1以上の数字でお答えください。", "ご来店は何回目ですか？"]
    here.writes("3")
    here.writes("150-0001")
    here.writes("{{ friend.user_id }}")
    assert here.taps("戻る") == ["お名前を教えてください"]
    here.writes("佐藤花子")
    assert here.taps("スキップ")[0].startswith("お知らせを")
    assert here.taps("はい") == ["佐藤花子さま、ありがとうございました", "ご回答の特典です"]
    friend = here.known()
    assert dict(friend.attributes) == {
        "gender": "female", "likes": ("fish",), "birthday": "1990-05-06", "visits": 3, "prefecture": "東京都",
        "postcode": "1500001", "name": "佐藤花子", "news": True,
    }  # fmt: skip
    assert friend.tags == {"ladies", "regular", "newsletter"}
    history = here.with_store(lambda store: store.histories(here.client.name, [friend.id]))[friend.id]
    answers = {one.fields["field"]: one.fields["value"] for one in history if one.type == "answer"}
    assert answers["salon"] is False
    assert set(here.kinds()) == {"reply"}


def test_d13_a_form_that_was_left_goes_on_days_later(chat: Chats) -> None:
    here = chat(START, PROFILE, ANYTHING)
    here.writes("アンケート")
    here.writes("男性")
    here.move(DUE + 3 * DAY)
    assert here.writes("肉") == ["お客様さま、担当者からお返事します"]
    assert here.writes("アンケート")[1:] == ["前回の続きからお伺いします。", "お好きなものは？"]


def test_d13_what_a_friend_writes_never_becomes_a_template(chat: Chats) -> None:
    form = """\
kind: form
name: nick
questions: [{field: nick, ask: 何とお呼びしますか？, text: {}, to: name}]
done: [{send: [{text: "{{ event.nick | default('') }}さん、よろしくお願いします"}]}]
"""
    start = "kind: reply\nname: nick-start\nwhen: [{keyword: 登録}]\ndo: [{form: nick}]\n"
    here = chat(form, start)
    for text in ('"}],"to":"all', "a: b\n- c", "\\u0041\\", "<b>太郎</b>", "{ friend.name }"):
        here.writes("登録")
        assert here.writes(text) == [f"{text}さん、よろしくお願いします"]
        assert here.known().attributes["name"] == text
    here.writes("登録")
    # Braces that look like an expression are kept as they are, and never go out to anybody.
    assert here.writes("{{ friend.user_id }}") == []
    assert here.known().attributes["name"] == "{{ friend.user_id }}"


def test_s6_an_entry_route_tags_asks_and_is_done_once(chat: Chats) -> None:
    here = chat(POSTER, PROFILE)
    event = here.control.write(here.account, here.users[0], "登録しました")
    first = here.happening(What.ROUTE, name="poster", reply_token=event["replyToken"])
    here.live(first)
    assert [text for _, text in here.read()] == ["ポスターからようこそ", "性別を教えてください"]
    assert "regular" in here.known().tags
    assert here.kinds() == ["reply"]
    here.happens(What.ROUTE, name="poster")
    assert len(here.read()) == 2


def test_s6_a_route_that_is_looked_at_late_waits_for_the_end_of_the_quiet_hours(chat: Chats) -> None:
    """The server was down from the evening on: who came by then is greeted in the morning, and asked then."""
    here = chat(POSTER, PROFILE, limits=Limits.model_validate({"quiet": "21:00-09:00"}))
    late = here.happening(What.ROUTE, name="poster", reply_token="0" * 32, received_at=DUE + timedelta(hours=10))
    here.move(DUE + timedelta(hours=16))
    here.live(late)
    here.step()
    assert here.read() == []
    here.at(DUE + timedelta(hours=23))
    assert here.read() == [("12-02 09:00", "ポスターからようこそ"), ("12-02 09:00", "性別を教えてください")]


def test_s3_a_page_sent_is_the_form_answered(chat: Chats) -> None:
    here = chat(PROFILE + "page: {title: 登録}\n", START)
    here.writes("アンケート")
    fields = {
        "gender": ("male",), "likes": ("肉", "魚"), "birthday": ("1980-01-02",), "visits": ("12",),
        "home": ("5300001",), "name": ("大阪太郎",), "news": ("no",),
    }  # fmt: skip
    here.happens(What.PAGE, name="profile", fields=fields)
    assert here.read()[-1][1] == "大阪太郎さま、ありがとうございました"
    assert here.known().attributes["prefecture"] == "大阪府"
    assert here.known().tags == {"gents", "regular"}
    assert here.writes("女性") == []  # nothing is asked any more


def test_s3_the_page_of_a_friend_is_their_own(chat: Chats) -> None:
    paged = "kind: reply\nname: paged\nwhen: [{keyword: 登録}]\ndo: [{send: [{text: '{{ page.profile }}'}]}]\n"
    here = chat(PROFILE + "page: {title: 登録, valid: 2d}\n", paged)
    (address,) = here.writes("登録")
    base, _, mine = address.rpartition("/")
    assert base == f"https://go.example/f/{here.client.name}"
    opened = read_pass([KEY], here.client.name, mine, here.clock.now())
    assert opened is not None
    assert (opened.purpose, opened.name, opened.friend) == ("form", "profile", here.friend())
    assert timedelta(days=1) < opened.until - here.clock.now() <= 2 * DAY


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_anywhere_loses_no_answer_and_answers_nobody_twice(chat: Chats, after: bool) -> None:
    for at in range(1, 40):
        here = chat(START, PROFILE)
        here.writes("アンケート")
        event = here.control.write(here.account, here.users[0], "女性")
        happening = here.happening(What.TEXT, text="女性", key=f"crash{at}", reply_token=event["replyToken"])
        try:
            here.live(happening, wrap=partial(Dying, count=[0], at=at, after=after))
            died = False
        except Crash:
            died = True
        here.live(happening)
        here.step()
        said = [text for _, text in here.read()]
        assert said.count("お好きなものは？") <= 1
        assert dict(here.dialogues()["profile"].answers) == {"gender": "female"}
        if not died:
            assert at > 3
            break
    else:
        raise AssertionError("it never came to an end")
