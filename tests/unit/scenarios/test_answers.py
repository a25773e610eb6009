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
