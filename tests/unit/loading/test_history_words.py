"""Words about what friends do, in files: unknown ones are named with their place, and imports keep to their rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.loading.friends_files import read_friends
from lineform.loading.friends_rows import RefusedRow
from lineform.model.attributes import AttributesSpec
from lineform.ports.friends import FriendRow
from lineform.segments.declared import declared
from support.workspaces import SMALL, only, problems, short, write

WORDS = """\
kind: attributes
name: history
attributes:
  birthday: {type: date}
tag_groups:
  rank: {exclusive: true, owner: 店長}
tags:
  gold: {group: rank}
  silver: {group: rank, expires: 90d}
  opted-in: {}
events:
  purchase: {fields: {item: text, amount: number}}
routes:
  poster: {description: 店頭ポスター}
"""
U1 = "U" + "1" * 32


def segment(where: str) -> dict[str, str]:
    return {"segments/history.yaml": WORDS, "segments/x.yaml": f"kind: segment\nname: x\nwhere: {where}\n"}


@pytest.mark.parametrize(
    ("where", "code", "place", "hint"),
    [
        ("{event: purchse}", "E312", "segments/x.yaml:3:16", "did you mean 'purchase'?"),
        ("{event: purchase, where: {itm: {is: x}}}", "E313", "segments/x.yaml:3:39", "did you mean 'item'?"),
        ("{route: postr}", "E316", "segments/x.yaml:3:16", "did you mean 'poster'?"),
        ("{anniversary: birthday, in: todya}", "E318", "segments/x.yaml:3:36", "did you mean 'today'?"),
        ("{age_of: name, at_least: 20}", "E304", "segments/x.yaml:3:17", "dates are birthday"),
        ("{evnt: purchase}", "E103", "segments/x.yaml:3:8", "did you mean 'event'?"),
        ("{event: purchase, cuont: 3}", "E101", "segments/x.yaml:3:26", "did you mean 'count'?"),
        ("{event: purchase, count: {at_lest: 3}}", "E101", "segments/x.yaml:3:34", "did you mean 'at_least'?"),
        ("{friend_since: {within: soon}}", "E103", "segments/x.yaml:3:32", ""),
    ],
)
def test_a_condition_that_cannot_be_honoured_is_refused(
    tmp_path: Path, where: str, code: str, place: str, hint: str
) -> None:
    found = only(write(tmp_path, SMALL, segment(where)))
    assert (found.code, str(found.origin)) == (code, place)
    assert found.hint == hint


def test_a_file_of_words_that_is_broken_is_not_blamed_on_those_who_use_them(tmp_path: Path) -> None:
    files = segment("{event: purchase, count: 0}")
    files["segments/history.yaml"] = WORDS.replace("amount: number", "amount: nummer")
    assert [p.code for p in problems(write(tmp_path, SMALL, files))] == ["E103"]


def test_a_tag_of_an_unknown_group_is_a_problem_of_its_file(tmp_path: Path) -> None:
    files = {"segments/history.yaml": WORDS.replace("group: rank}", "group: rnak}", 1)}
    found = only(write(tmp_path, SMALL, files))
    assert (found.code, str(found.origin), found.hint) == ("E317", "segments/history.yaml:8:17", "did you mean 'rank'?")


def test_the_history_that_a_test_invents_is_checked(tmp_path: Path) -> None:
    case = """\
    kind: test
    name: sale
    campaign: sale
    now: "2026-12-01T10:00"
    friends:
      - name: fine
        followed_at: "2026-11-01"
        route: poster
        events:
          - {event: purchase, at: "2026-11-20T09:30", fields: {item: tea}}
          - {event: click, at: "2026-11-20", fields: {link: menu}}
      - name: wrong
        followed_at: "2026-11-31"
        route: car
        events:
          - {event: booking, at: "2026-11-20"}
          - {event: purchase, at: "2026-11-20", fields: {itme: tea}}
    """
    files = {"segments/history.yaml": WORDS, "clients/aoba/tests/sale.yaml": case}
    found = problems(write(tmp_path, SMALL, files))
    assert sorted(p.code for p in found) == ["E103", "E312", "E313", "E316"], short(found)


def rows(folder: Path, text: str) -> list[FriendRow | RefusedRow]:
    section = {"gold": {"group": "rank"}, "silver": {"group": "rank", "expires": "90d"}, "vip": {}}
    spec = {"tag_groups": {"rank": {"exclusive": True}}, "tags": section, "routes": {"poster": {}}}
    words = declared([AttributesSpec.model_validate({"kind": "attributes", "name": "x", **spec})])
    path = folder / "friends.csv"
    path.write_text(text, encoding="utf-8")
    return [row for _, row in read_friends(path, words)]


def test_an_import_gives_one_tag_of_an_exclusive_group_and_takes_the_others_away(tmp_path: Path) -> None:
    read = rows(tmp_path, f"user_id,tags,untag\n{U1},silver|vip,\n{U1},gold|silver,\n{U1},vip,gold\n{U1},,gold\n")
    assert read == [
        FriendRow(U1, tags=("silver", "vip"), untag=("gold",), renew=("silver",)),
        RefusedRow(3, "tags", "holds two tags of one exclusive group", "a friend has at most one tag of 'rank'"),
        FriendRow(U1, tags=("vip",), untag=("gold",)),
        FriendRow(U1, untag=("gold",)),
    ]


def test_an_import_tells_the_route_and_the_member(tmp_path: Path) -> None:
    read = rows(tmp_path, f"user_id,route,member_id\n{U1},poster,M-001\n{U1},postr,\n")
    assert read == [
        FriendRow(U1, route="poster", member_id="M-001"),
        RefusedRow(3, "route", "is not one of declared routes", "did you mean 'poster'?"),
    ]
