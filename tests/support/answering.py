"""Armed replies and forms, friends and happenings, for the tests of what answers people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from lineform.loading import load_project
from lineform.planning.arming import revisions_of
from lineform.scenarios.answering import Armed
from lineform.scenarios.armed import read_armed
from lineform.scenarios.effect import Effect, Say
from lineform.scenarios.happening import Happening, What
from lineform.segments.friend import Friend
from support.workspaces import ATTRIBUTES, CLIENT, SMALL, write

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
"""Noon in Tokyo, a Tuesday."""
WORDS = ATTRIBUTES.replace(
    "tags:",
    """\
  gender: {type: enum, values: [female, male, other]}
  likes: {type: set, values: [meat, fish, sweets]}
  birthday: {type: date}
  visits: {type: number}
  prefecture: {type: text}
  postcode: {type: text}
  phone: {type: text}
  news: {type: bool}
tag_groups:
  gender: {exclusive: true}
tags:
  ladies: {group: gender}
  gents: {group: gender}
  newsletter: {}
""",
)
USING = CLIENT.replace("uses: {", 'uses: {replies: ["*"], forms: ["*"], routes: ["*"], ')
USING += """\
links: {base: "https://go.example", key: {env: AOBA_LINK_KEY}}
entry: {basic_id: "@aoba"}
"""
BASE = {**SMALL, "segments/basics.yaml": WORDS, "clients/aoba.yaml": USING}
"""A valid workspace whose client uses every reply, form and route."""

PROFILE = """\
kind: form
name: profile
questions:
  - field: gender
    ask: "性別を教えてください"
    choice:
      - {value: female, label: 女性, tag: ladies}
      - {value: male, label: 男性, tag: gents}
      - {value: other, label: 答えない}
    to: gender
  - field: likes
    ask: "お好きなものは？"
    choices: {of: [{value: meat, label: 肉}, {value: fish, label: 魚}, {value: sweets, label: 甘いもの}], at_least: 1}
    to: likes
  - field: salon
    ask: "ネイルのご予定は？"
    yes_no: {}
    if: {field: gender, is: female}
  - field: birthday
    ask: "お誕生日は？"
    date: {min: "1926-01-01", max: today, initial: "1990-01-01"}
    to: birthday
  - field: visits
    ask: "ご来店は何回目ですか？"
    number: {min: 1, max: 999}
    to: visits
  - field: home
    ask: "郵便番号を教えてください"
    postcode: {code_to: postcode}
    to: prefecture
  - field: name
    ask: "お名前を教えてください"
    text: {at_most: 20}
    to: name
  - field: phone
    ask: "お電話番号を教えてください"
    text: {shape: phone}
    to: phone
    optional: true
  - field: news
    ask: "お知らせをお送りしてもよろしいですか？"
    yes_no: {tag: newsletter}
    to: news
    shown: buttons
done:
  - tag: regular
  - send: [{text: "{{ event.name | default('お客様') }}さま、ありがとうございました"}]
"""
HOURS = """\
kind: reply
name: hours
when: [{keyword: 営業時間}, {contains: [何時]}]
do: [{send: [{text: 10時から19時です}]}]
"""
START = """\
kind: reply
name: start
when: [{keyword: アンケート}]
do: [{send: [{text: はじめます}]}, {form: profile}]
"""
ANYTHING = """\
kind: reply
name: anything
when: anything
do: [{send: [{text: 担当者からお返事します}]}]
"""


def armed(root: Path, files: Mapping[str, str]) -> Armed:
    """The replies and forms of these files, as an apply arms them and the store gives them back."""
    client = load_project(write(root, BASE, files)).clients["aoba"]
    return read_armed({address: one.body for address, one in revisions_of(client).items()})


def friend(**about: Any) -> Friend:
    """One friend of whom nothing is known."""
    unknown = Friend(1, "U" + "0" * 32, "", "ja", NOW, False, {}, frozenset(), events=())
    return replace(unknown, **about)


_KEYS = count()


def wrote(text: str, at: datetime = NOW) -> Happening:
    """The friend writes."""
    return Happening(f"e{next(_KEYS)}", 1, What.TEXT, at, text=text, reply_token="token")


def sent(kind: str, at: datetime = NOW) -> Happening:
    """The friend sends a picture or a sticker."""
    return Happening(f"e{next(_KEYS)}", 1, What.MESSAGE, at, name=kind)


def tapped(data: str, at: datetime = NOW, **params: str) -> Happening:
    """The friend taps a button."""
    return Happening(f"e{next(_KEYS)}", 1, What.POSTBACK, at, text=data, fields=params)


def texts(effects: tuple[Effect, ...]) -> list[str]:
    """What is said, message by message."""
    return [
        message.get("text") or message["altText"] for one in effects if isinstance(one, Say) for message in one.messages
    ]


def buttons(effects: tuple[Effect, ...]) -> dict[str, str]:
    """The data of the buttons that the last message bears, by label."""
    last = [one for one in effects if isinstance(one, Say)][-1].messages[-1]
    actions = [item["action"] for item in last.get("quickReply", {}).get("items", ())]
    actions += last.get("template", {}).get("actions", ())
    return {action["label"]: action["data"] for action in actions}


def later(**length: float) -> datetime:
    """So long after `NOW`."""
    return NOW + timedelta(**length)
