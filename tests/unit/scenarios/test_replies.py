"""Which reply answers, in the order and with the reasons that people can follow."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.scenarios.answering import Standing, answer
from lineform.scenarios.effect import Ask, Effect, Give, Say
from lineform.scenarios.happening import Happening
from lineform.scenarios.matching import pattern_fault
from lineform.scenarios.replies import Answered
from support.answering import ANYTHING, HOURS, NOW, armed, friend, later, sent, tapped, texts, wrote

MENU = """\
kind: richmenu
name: main
bar: メニュー
cells:
  - {at: A1, message: クーポン}
  - {at: B1, postback: "action=book&shop=1"}
  - {at: C1, uri: "https://example.com"}
"""


def reply(name: str, when: str, more: str = "", said: str = "") -> dict[str, str]:
    text = f"kind: reply\nname: {name}\nwhen: {when}\ndo: [{{send: [{{text: {said or name}です}}]}}]\n{more}"
    return {f"replies/{name}.yaml": text}


def said(root: Path, files: dict[str, str], happening: Happening, **about: object) -> list[str]:
    return texts(answer(armed(root, files), Standing(), happening, friend(**about), happening.at).effects)


@pytest.mark.parametrize("text", ["営業時間", "  営業時間\n", "ＬＩＮＥ", "line", "ｸｰﾎﾟﾝ", "クーポン"])
def test_a_keyword_matches_whatever_its_width_and_case(tmp_path: Path, text: str) -> None:
    files = reply("hours", "[{keyword: [営業時間, Line, クーポン]}]")
    assert said(tmp_path, files, wrote(text)) == ["hoursです"]


@pytest.mark.parametrize("text", ["営業時間は？", "lines", "クーポンください", ""])
def test_a_keyword_is_the_whole_text(tmp_path: Path, text: str) -> None:
    assert said(tmp_path, reply("hours", "[{keyword: [営業時間, Line, クーポン]}]"), wrote(text)) == []


def test_a_part_and_a_pattern_match_inside_of_a_text(tmp_path: Path) -> None:
    files = {**reply("book", "[{contains: [予約]}]"), **reply("number", r"[{regex: '注文番号\s*[A-Z]\d{4}'}]")}
    assert said(tmp_path, files, wrote("明日の予約をしたい")) == ["bookです"]
    assert said(tmp_path, files, wrote("注文番号 ａ１２３４ はどうなりましたか")) == ["numberです"]
    assert said(tmp_path, files, wrote("注文番号 12345")) == []


def test_the_lower_order_goes_first_then_the_closer_match_then_the_name(tmp_path: Path) -> None:
    files = {
        **reply("b-part", "[{contains: 予約}]"),
        **reply("c-word", "[{keyword: 予約}]"),
        **reply("a-pattern", "[{regex: 予.}]"),
    }
    assert said(tmp_path, files, wrote("予約")) == ["c-wordです"]
    first = reply("z-first", "[{regex: 予.}]", "order: 1\n")
    assert said(tmp_path, {**files, **first}, wrote("予約")) == ["z-firstです"]


def test_the_default_answers_what_no_other_does_whatever_its_order(tmp_path: Path) -> None:
    files = {**reply("any", "anything", "order: 0\n"), **reply("hours", "[{keyword: 営業時間}]")}
    assert said(tmp_path, files, wrote("営業時間")) == ["hoursです"]
    assert said(tmp_path, files, wrote("こんにちは")) == ["anyです"]
    assert said(tmp_path, files, sent("sticker")) == ["anyです"]
    assert said(tmp_path, files, tapped("whatever")) == []


def test_the_default_keeps_silent_for_a_while_after_it_answered(tmp_path: Path) -> None:
    rules = armed(tmp_path, {"replies/anything.yaml": ANYTHING})
    first = wrote("もしもし")
    outcome = answer(rules, Standing(), first, friend(), NOW)
    assert outcome.answered == {"anything": Answered(NOW, first.key)}
    standing = Standing(answered=outcome.answered)
    assert not answer(rules, standing, wrote("もしもし"), friend(), later(hours=11)).effects
    assert answer(rules, standing, wrote("もしもし"), friend(), later(hours=12)).effects
    # Worked again after a crash, the first happening decides as it did.
    assert answer(rules, standing, first, friend(), later(minutes=1)).effects == outcome.effects


def test_postback_data_is_compared_whole_by_prefix_or_by_its_params(tmp_path: Path) -> None:
    files = {
        **reply("whole", '[{postback: "a=1"}]'),
        **reply("prefix", '[{postback: {prefix: "coupon:"}}]'),
        **reply("params", "[{postback: {params: {action: book}}}]"),
    }
    assert said(tmp_path, files, tapped("a=1")) == ["wholeです"]
    assert said(tmp_path, files, tapped("coupon:7")) == ["prefixです"]
    assert said(tmp_path, files, tapped("shop=2&action=book")) == ["paramsです"]
    assert said(tmp_path, files, tapped("action=bookmark")) == []
    assert said(tmp_path, files, wrote("a=1")) == []


def test_a_tap_on_a_cell_of_the_menu_is_what_the_cell_sends(tmp_path: Path) -> None:
    files = {"richmenus/main.yaml": MENU, **reply("coupon", "[{tap: main/A1}]"), **reply("book", "[{tap: main/B1}]")}
    assert said(tmp_path, files, wrote("クーポン")) == ["couponです"]
    assert said(tmp_path, files, tapped("action=book&shop=1")) == ["bookです"]
    assert said(tmp_path, files, tapped("action=book&shop=2")) == []


def test_outside_of_its_hours_another_answer_is_given(tmp_path: Path) -> None:
    hours = 'hours: [{open: "10:00-19:00", weekdays: [tue, wed], holidays: closed}, "22:00-02:00"]\n'
    files = reply("shop", "[{keyword: 電話}]", hours + "otherwise: [{send: [{text: 閉店です}]}]\n")

    def at(**length: float) -> list[str]:
        return said(tmp_path, files, wrote("電話", later(**length)))

    assert at() == ["shopです"]  # Tuesday at noon
    assert at(hours=7) == ["閉店です"]  # 19:00 is closed already
    assert at(hours=13.5) == ["shopです"]  # 01:30, opened the day before
    assert at(days=2) == ["閉店です"]  # Thursday
    assert said(tmp_path, reply("shop", "[{keyword: 電話}]", hours), wrote("電話", later(hours=7))) == []


def test_a_holiday_may_be_closed(tmp_path: Path) -> None:
    files = reply("shop", "[{keyword: 電話}]", 'hours: {open: "10:00-19:00", holidays: closed}\n')
    new_year = later(days=31)
    assert said(tmp_path, files, wrote("電話", new_year)) == []
    assert said(tmp_path, files, wrote("電話", later(days=30))) == ["shopです"]


def test_a_condition_chooses_the_friends_who_are_answered(tmp_path: Path) -> None:
    files = {
        **reply("vip", "[{keyword: 特典}]", "order: 1\nif: {attribute: tier, is: gold}\n"),
        **reply("all", "[{keyword: 特典}]"),
    }
    assert said(tmp_path, files, wrote("特典"), attributes={"tier": "gold"}) == ["vipです"]
    assert said(tmp_path, files, wrote("特典"), attributes={"tier": "silver"}) == ["allです"]
    assert said(tmp_path, files, wrote("特典")) == ["allです"]


def test_every_reply_that_was_looked_at_says_why(tmp_path: Path) -> None:
    files = {
        **reply("vip", "[{keyword: 特典}]", "order: 1\nif: {attribute: tier, is: gold}\n"),
        **reply("all", "[{contains: 特}]"),
        **reply("other", "[{keyword: 予約}]"),
    }
    outcome = answer(armed(tmp_path, files), Standing(), wrote("特典"), friend(), NOW)
    assert {one.reply: one.why for one in outcome.looked} == {
        "vip": "the text is '特典', but its condition is not true for this friend",
        "all": "the text contains '特'",
        "other": "none of its triggers matches",
    }


def test_actions_become_effects_with_keys_that_stay_the_same(tmp_path: Path) -> None:
    text = "kind: reply\nname: in\nwhen: [{keyword: 登録}]\n"
    text += "do: [{tag: ladies}, {send: [{text: どうも}]}, {form: profile}]\n"
    form = "kind: form\nname: profile\nquestions: [{field: x, ask: なに？, text: {}}]\n"
    rules = armed(tmp_path, {"replies/in.yaml": text, "forms/profile.yaml": form})
    happening = wrote("登録")
    effects = answer(rules, Standing(), happening, friend(), NOW).effects
    assert [type(one) for one in effects] == [Give, Say, Say]
    assert texts(effects) == ["どうも", "なに？"]
    assert effects == answer(rules, Standing(), happening, friend(), NOW).effects
    assert len({one.key for one in effects}) == len(effects)
    assert not any(isinstance(one, Ask) for one in effects)


def effects_of(root: Path, files: dict[str, str], happening: Happening) -> tuple[Effect, ...]:
    return answer(armed(root, files), Standing(), happening, friend(), NOW).effects


def test_the_friends_own_text_is_never_read_as_a_template(tmp_path: Path) -> None:
    files = {**reply("any", "anything"), "replies/hours.yaml": HOURS}
    for text in ("{{ friend.user_id }}", "{% for x in range(9) %}", "何時{{ values }}"):
        for said_ in effects_of(tmp_path, files, wrote(text)):
            assert isinstance(said_, Say)
            assert "{" not in str([dict(message) for message in said_.messages]).replace("{'", "")


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("(a+)+", "without end"),
        ("(a|b)*c", "without end"),
        ("((a?b)+c)*", "without end"),
        ("(?:x*){30}", "without end"),
        ("(a{2,}){3}", "without end"),
        (r"(a)\1", "refers back"),
        ("(?P<n>a)(?P=n)", "refers back"),
        ("a(?R)?b", "calls itself"),
        ("(", "is no regular expression"),
        ("a*", "matches every text"),
        ("", "matches every text"),
        ("ｶﾅ", "holds 'ｶ'"),
        ("１", "write '1'"),
    ],
)
def test_a_pattern_that_may_run_away_or_says_nothing_is_refused(pattern: str, fault: str) -> None:
    assert fault in pattern_fault(pattern)


@pytest.mark.parametrize(
    "pattern", [r"\d{3}-\d{4}", "予約|よやく", "[あ-ん]+さん", r"(東京|大阪)店", r"^注文\s*\(\d+\)$", r"[(|*+]{2}x"]
)
def test_an_honest_pattern_is_taken(pattern: str) -> None:
    assert pattern_fault(pattern) == ""


def test_a_pattern_that_takes_too_long_is_no_match_and_says_so(tmp_path: Path) -> None:
    slow = "a*a*a*a*a*a*[bc]"
    assert pattern_fault(slow) == ""
    files = {**reply("slow", f"[{{regex: '{slow}'}}]"), **reply("any", "anything")}
    outcome = answer(armed(tmp_path, files), Standing(), wrote("a" * 5000), friend(), NOW)
    assert texts(outcome.effects) == ["anyです"]
    assert any("took too long" in one.why for one in outcome.looked)
