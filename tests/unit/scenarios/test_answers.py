"""What people write is read as what they mean, or they are told what is asked for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lineform.model.prefectures import PREFECTURES, prefecture_of
from lineform.model.questions import Question
from lineform.scenarios.answers import Read, Wrong, read_text

TODAY = date(2026, 12, 1)


def read(text: str, /, **answer: Any) -> object:
    found = read_text(Question.model_validate({"field": "x", "ask": "?", **answer}), text, TODAY)
    return found.value if isinstance(found, Read) else found


@pytest.mark.parametrize(
    ("text", "answer", "value"),
    [
        ("女性", {"choice": [{"value": "f", "label": "女性"}, "男性"]}, "f"),
        (" ＭＡＮ ", {"choice": ["man", "woman"]}, "man"),
        ("魚、肉", {"choices": {"of": ["肉", "魚", "野菜"]}}, ("肉", "魚")),
        ("2000年1月2日", {"date": {}}, "2000-01-02"),
        ("２０００/１/２", {"date": {}}, "2000-01-02"),
        ("20000102", {"date": {}}, "2000-01-02"),
        ("１，２００", {"number": {}}, 1200),
        ("3.5", {"number": {"whole": False}}, 3.5),
        ("〒150-0001", {"postcode": {}}, "東京都"),
        ("１５０ー０００１", {"postcode": {}}, "東京都"),
        ("5300001", {"postcode": {}}, "大阪府"),
        ("北海道", {"postcode": {}}, "北海道"),
        ("神奈川", {"postcode": {}}, "神奈川県"),
        ("はい", {"yes_no": {}}, True),
        ("いいえ", {"yes_no": {}}, False),
        ("やまだ　はなこ", {"text": {"shape": "kana"}}, "ヤマダ ハナコ"),
        ("ﾔﾏﾀﾞ", {"text": {"shape": "kana"}}, "ヤマダ"),
        ("ＨＡＮＡＫＯ@example.co.jp", {"text": {"shape": "email"}}, "HANAKO@example.co.jp"),
        ("０９０-1234-5678", {"text": {"shape": "phone"}}, "09012345678"),
        ("03(1234)5678", {"text": {"shape": "phone"}}, "0312345678"),
        ("  佐藤\n花子 ", {"text": {}}, "佐藤\n花子"),
        ("{{ friend.name }}", {"text": {}}, "{{ friend.name }}"),
        ("AB-1234", {"text": {"pattern": r"[A-Z]{2}-\d{4}"}}, "AB-1234"),
    ],
)
def test_an_answer_is_read_as_it_is_meant(text: str, answer: dict[str, Any], value: object) -> None:
    assert read(text, **answer) == value


@pytest.mark.parametrize(
    ("text", "answer", "sentence"),
    [
        ("犬", {"choice": ["猫", "鳥"]}, "選択肢"),
        ("肉、岩", {"choices": {"of": ["肉", "魚"]}}, "選択肢"),
        ("肉、魚", {"choices": {"of": ["肉", "魚"], "at_most": 1}}, "1つまで"),
        ("2001年2月29日", {"date": {}}, "日付を"),
        ("2026年12月2日", {"date": {"max": "today"}}, "2026年12月1日以前"),
        ("1900-01-01", {"date": {"min": "1926-01-01"}}, "1926年1月1日以降"),
        ("三つ", {"number": {}}, "数字で"),
        ("1.5", {"number": {}}, "小数"),
        ("0", {"number": {"min": 1}}, "1以上"),
        ("1000", {"number": {"max": 999}}, "999以下"),
        ("9" * 16, {"number": {}}, "数字で"),
        ("12345", {"postcode": {}}, "7桁"),
        ("0000000", {"postcode": {}}, "7桁"),
        ("たぶん", {"yes_no": {}}, "「はい」か「いいえ」"),
        ("山田", {"text": {"shape": "kana"}}, "カタカナ"),
        ("a@b", {"text": {"shape": "email"}}, "メールアドレス"),
        ("090-1234", {"text": {"shape": "phone"}}, "電話番号"),
        ("", {"text": {}}, "文字で"),
        ("あ" * 21, {"text": {"at_most": 20}}, "20文字以内"),
        ("\u0301" * 500, {"text": {"at_most": 20}}, "20文字以内"),
        ("a\x00b", {"text": {}}, "使えない"),
        ("\ud800", {"text": {}}, "使えない"),
        ("\u202eabc", {"text": {}}, "使えない"),
        ("xAB-1234", {"text": {"pattern": r"[A-Z]{2}-\d{4}"}}, "形式"),
    ],
)
def test_what_is_no_answer_is_told_what_is_asked_for(text: str, answer: dict[str, Any], sentence: str) -> None:
    found = read(text, **answer)
    assert isinstance(found, Wrong)
    assert sentence in found.sentence


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("昭和53年4月3日", "1978-04-03"),
        ("昭和５３年４月３日", "1978-04-03"),
        ("昭和 53年 4月 3日", "1978-04-03"),
        ("昭和53/4/3", "1978-04-03"),
        ("S53.4.3", "1978-04-03"),
        ("s53-4-3", "1978-04-03"),
        ("Ｓ５３．４．３", "1978-04-03"),
        ("㍼53年4月3日", "1978-04-03"),
        ("令和2年2月29日", "2020-02-29"),
        ("R2/2/29", "2020-02-29"),
        ("T10.1.1", "1921-01-01"),
        ("M40.1.1", "1907-01-01"),
        ("明治6年1月1日", "1873-01-01"),
        ("明治45年7月30日", "1912-07-30"),
        ("大正元年7月30日", "1912-07-30"),
        ("大正15年12月25日", "1926-12-25"),
        ("昭和元年12月25日", "1926-12-25"),
        ("昭和64年1月7日", "1989-01-07"),
        ("平成元年1月8日", "1989-01-08"),
        ("平成1年1月8日", "1989-01-08"),
        ("平成31年4月30日", "2019-04-30"),
        ("令和元年5月1日", "2019-05-01"),
    ],
)
def test_a_day_may_be_written_with_its_era(text: str, day: str) -> None:
    assert read(text, date={}) == day


@pytest.mark.parametrize(
    "text",
    [
        "明治45年7月31日", "大正元年7月29日", "大正15年12月26日", "昭和元年12月24日",
        "昭和64年1月8日", "平成元年1月7日", "平成31年5月1日", "令和元年4月30日", "昭和0年12月25日",
        "昭和53年2月29日", "令和2年13月1日",
        "2001年2月29日", "20010229", "0000-1-1",
    ],
)  # fmt: skip
def test_a_day_that_never_was_is_told_apart_from_what_is_no_day(text: str) -> None:
    assert read(text, date={}) == Wrong("その日付はありません。日付を「2000年1月23日」のようにお送りください。")


@pytest.mark.parametrize(
    "text",
    ["53年4月3日", "慶応3年1月1日", "明治5年12月2日", "X53.4.3", "S530403", "昭和53年4月", "昭和53年", "S53年生まれ"],
)
def test_what_names_no_day_for_certain_is_asked_again(text: str) -> None:
    assert read(text, date={}) == Wrong("日付を「2000年1月23日」のようにお送りください。")


def test_the_bounds_of_a_day_hold_for_eras_too() -> None:
    found = read("大正14年12月31日", date={"min": "1926-01-01"})
    assert isinstance(found, Wrong)
    assert "1926年1月1日以降" in found.sentence


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("３回目", 3), ("3回", 3), ("170.5cm", 170.5), ("１７０．５ｃｍ", 170.5), ("65kg", 65), ("65㎏", 65),
        ("65 KG", 65), ("30分", 30), ("1,234,567円", 1234567),
        ("5人", 5), ("1,200円", 1200), ("2週間", 2), ("3ヶ月", 3), ("-5度", -5), ("0回", 0),
    ],
)  # fmt: skip
def test_a_number_may_bear_its_unit(text: str, value: float) -> None:
    assert read(text, number={"whole": False}) == value


@pytest.mark.parametrize(
    "text",
    [
        "約3回", "3回以上", "3回位", "3回くらい", "2回か3回", "2、3回", "2,3回", "２，３", "5万", "5万円",
        "3千円", "3割", "3年半", "20代",
        "3年前", "3k", "30代前半", "3分の1", "1m70cm", "3cm5mm", "3回行きました", "3?", "回", "cm", "週3回",
    ],
)  # fmt: skip
def test_a_number_that_may_mean_another_is_asked_again(text: str) -> None:
    assert isinstance(read(text, number={"whole": False}), Wrong)


def test_the_bounds_of_a_number_hold_with_a_unit_too() -> None:
    for text, answer, sentence in (("0回", {"min": 1}, "1以上"), ("170.5cm", {}, "小数")):
        found = read(text, number=answer)
        assert isinstance(found, Wrong)
        assert sentence in found.sentence


@pytest.mark.parametrize(
    "text",
    ["はい！", "はい。", "はい!!", "はい😊", "はい！👍🏽", "はい☺️", "はい👩‍❤️‍👨", "うん", "うん。", "ええ", "OK",
     "ok！", "ＯＫ", "オッケー", "ｵｯｹｰ", "オーケー", "OKです"],
)  # fmt: skip
def test_yes_is_said_in_several_ways(text: str) -> None:
    assert read(text, yes_no={}) is True


@pytest.mark.parametrize(
    "text", ["いいえ。", "いいえ！", "いいえ🙏", "いや", "ううん", "違います", "違います。", "ちがいます"]
)
def test_no_is_said_in_several_ways(text: str) -> None:
    assert read(text, yes_no={}) is False


@pytest.mark.parametrize(
    "text",
    [
        "はい？",
        "はい❓",
        "はい🙅‍♀️",
        "はい❌",
        "はい🤔",
        "はい✗",
        "大丈夫です",
        "結構です",
        "いいです",
        "はい、いいえ",
        "👍",
        "！",
        "",
    ],
)
def test_what_may_be_yes_or_no_is_asked_again(text: str) -> None:
    assert isinstance(read(text, yes_no={}), Wrong)


def test_other_words_for_yes_and_no_count_only_beside_buttons_that_say_yes_and_no() -> None:
    which = {"yes_no": {"yes": "はじめて", "no": "2回目以降"}}
    assert read("はじめて！", **which) is True
    assert isinstance(read("はい", **which), Wrong)
    assert isinstance(read("うん", **which), Wrong)
    assert read("OK", yes_no={"yes": "はい", "no": "OK"}) is False  # what a button says goes first


@pytest.mark.parametrize(
    "text", ["女性です", "女性でした", "女性。", "女性！", "女性です。", "女性です！！", " 女性 です "]
)
def test_a_choice_may_be_a_sentence(text: str) -> None:
    assert read(text, choice=["女性", "男性"]) == "女性"


def test_several_choices_may_be_a_sentence() -> None:
    assert read("肉、魚です。", choices={"of": ["肉", "魚", "野菜"]}) == ("肉", "魚")
    assert read("肉！", choices={"of": ["肉", "魚", "野菜"]}) == ("肉",)


def test_a_choice_that_itself_ends_like_a_sentence_is_meant_exactly() -> None:
    assert read("好きです", choice=["好き", "好きです"]) == "好きです"
    assert read("A!", choice=["A", "A!"]) == "A!"


@pytest.mark.parametrize(
    "text", ["女性？", "女性ではないです", "女性かも", "女性と男性です", "女性-", "女性❌", "です", "。"]
)
def test_what_is_more_than_a_choice_is_asked_again(text: str) -> None:
    assert isinstance(read(text, choice=["女性", "男性"]), Wrong)


@pytest.mark.parametrize("text", ["+81 90-1234-5678", "＋８１９０１２３４５６７８", "+81-90-1234-5678"])
def test_a_telephone_number_may_be_written_as_from_abroad(text: str) -> None:
    assert read(text, text={"shape": "phone"}) == "09012345678"


@pytest.mark.parametrize("text", ["+1 90-1234-5678", "81 90-1234-5678", "+81 090-1234-5678", "+81 90-1234"])
def test_a_telephone_number_of_elsewhere_is_asked_again(text: str) -> None:
    assert isinstance(read(text, text={"shape": "phone"}), Wrong)


def test_the_author_may_say_it_in_other_words() -> None:
    assert read("x", number={}, retry="回数だけお願いします") == Wrong("回数だけお願いします")


@pytest.mark.parametrize(
    ("code", "prefecture"),
    [
        ("0010000", "北海道"), ("0185501", "青森県"), ("0185511", "秋田県"), ("1000001", "東京都"),
        ("2100001", "神奈川県"),
        ("3890121", "群馬県"), ("3892261", "新潟県"), ("4314121", "愛知県"), ("4980801", "三重県"),
        ("5200461", "京都府"),
        ("6180001", "大阪府"), ("6180071", "京都府"), ("6471271", "奈良県"), ("6471321", "三重県"),
        ("6480301", "奈良県"),
        ("8115100", "長崎県"), ("8710226", "福岡県"), ("9071801", "沖縄県"), ("9390171", "石川県"),
        ("9498321", "長野県"),
        ("9998531", "山形県"), ("0000000", None),
        ("9999999", None), ("0999999", None), ("1170000", None), ("6090001", None), ("0996592", "北海道"),
    ],
)  # fmt: skip
def test_a_postcode_lies_in_its_prefecture_where_its_first_digits_alone_would_mislead(
    code: str, prefecture: str | None
) -> None:
    assert prefecture_of(code) == prefecture


def test_there_are_47_prefectures_and_each_has_a_postcode() -> None:
    assert len(set(PREFECTURES)) == 47
    assert {prefecture_of(f"{number:03}0000") for number in range(1, 1000)} == {*PREFECTURES, None}
