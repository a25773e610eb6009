"""What a friend wrote or tapped, read as the answer to one question: the same in the chat and on the page.

Whatever is read here stays a value. A friend's text is never looked at as a template, YAML or JSON.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lineform.lineapi.counting import graphemes, utf16_units
from lineform.model.eras import ERAS, day_in_era
from lineform.model.prefectures import postcode_of, prefecture_named, prefecture_of
from lineform.model.questions import DateAnswer, NumberAnswer, PostcodeAnswer, Question, Several, TextAnswer, YesNo
from lineform.scenarios.matching import PatternTooSlow, is_whole, normal, plain
from lineform.segments.friend import Value


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a text is no answer: a sentence for the friend."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Read:
    """An answer. `beside` are further attributes that it tells, such as the postcode beside the prefecture."""

    value: Value
    beside: tuple[tuple[str, Value], ...] = ()


def read_text(question: Question, text: str, today: date) -> Read | Wrong:
    """What is written as an answer to this question; `today` is the client's calendar day."""
    found = _read(question, text, today)
    return Wrong(question.retry) if isinstance(found, Wrong) and question.retry else found


def _read(question: Question, text: str, today: date) -> Read | Wrong:
    if question.choice is not None:
        return _one_of(question, text)
    if question.choices is not None:
        return read_several(question.choices, [part for part in _SEPARATORS.split(text.strip()) if part])
    if question.yes_no is not None:
        return _yes_or_no(question.yes_no, text)
    if question.date is not None:
        return _date(question.date, text, today)
    if question.number is not None:
        return _number(question.number, text)
    if question.postcode is not None:
        return _postcode(question.postcode, text)
    return _text(question.text or TextAnswer(), text)


_SEPARATORS = re.compile(r"[、,，・\s]+")


# What follows the answer where it is written as a sentence.
_SENTENCE = re.compile(r"\s*(?:です|でした)?[\s。.!]*")


def _chosen(by_word: Mapping[str, str], text: str) -> str | None:
    """The value that a text names, as it is declared or as a sentence; None where that is none, or could be two."""
    written = plain(text)
    if written in by_word:
        return by_word[written]
    values = {
        value for word, value in by_word.items() if written.startswith(word) and _SENTENCE.fullmatch(written, len(word))
    }
    return values.pop() if len(values) == 1 else None


def _one_of(question: Question, text: str) -> Read | Wrong:
    # Of options that are called alike the first is meant.
    by_word = {plain(word): one.value for one in reversed(question.options) for word in (one.value, one.label)}
    value = _chosen(by_word, text)
    return Wrong("選択肢の中からお選びください。") if value is None else Read(value)


def read_several(several: Several, words: Sequence[str]) -> Read | Wrong:
    """Several answers at once, by label or value."""
    by_word = {plain(word): one.value for one in several.of for word in (one.value, one.label)}
    values = {_chosen(by_word, word) for word in words}
    if None in values:
        return Wrong("選択肢の中からお選びください。")
    return whole_choice(several, [value for value in values if value is not None])


def whole_choice(several: Several, values: Sequence[str]) -> Read | Wrong:
    """Values of the options, if there are neither too few nor too many."""
    chosen = tuple(sorted(set(values)))
    if len(chosen) < several.at_least:
        return Wrong(f"{several.at_least}つ以上お選びください。")
    if several.at_most is not None and len(chosen) > several.at_most:
        return Wrong(f"{several.at_most}つまでお選びください。")
    return Read(chosen)


_YES = frozenset({"はい", "うん", "ええ", "ok", "okです", "オッケー", "オーケー"})
_NO = frozenset({"いいえ", "いや", "ううん", "違います", "ちがいます"})
_DOUBTS = frozenset("❓❔🤔❌✖✕✗✘☓🙅👎🆖🚫")
"""What makes a question of the word before it, or denies it."""


def _ends(one: str) -> bool:
    """Whether a character only ends what was said: a full stop, an emoji or a part of one."""
    if one in _DOUBTS:
        return False
    return one in "。.!、,~〜\u200d\ufe0e\ufe0f" or one.isspace() or unicodedata.category(one) in {"So", "Sk"}


def _yes_or_no(wanted: YesNo, text: str) -> Read | Wrong:
    yes, no = plain(wanted.yes), plain(wanted.no)
    # はい answers nothing where the buttons say 朝 and 夜: other words count where the button says one of their kind.
    known = {**dict.fromkeys(_YES if yes in _YES else (), True), **dict.fromkeys(_NO if no in _NO else (), False)}
    known |= {yes: True, no: False}
    said = plain(text)
    while said and said not in known and _ends(said[-1]):
        said = said[:-1]
    found = known.get(said)
    return Wrong(f"「{wanted.yes}」か「{wanted.no}」でお答えください。") if found is None else Read(found)


_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_ERA_DATE = re.compile(
    rf"({'|'.join(ERAS)})\s*(\d{{1,2}}|元)\s*[-/.年]\s*(\d{{1,2}})\s*[-/.月]\s*(\d{{1,2}})\s*日?", re.IGNORECASE
)
_HOW_TO_DATE = "日付を「2000年1月23日」のようにお送りください。"


def _date(wanted: DateAnswer, text: str, today: date) -> Read | Wrong:
    try:
        day = _day_written(normal(text))
    except ValueError:
        return Wrong(f"その日付はありません。{_HOW_TO_DATE}")
    if day is None:
        return Wrong(_HOW_TO_DATE)
    first, last = day_of(wanted.min, today), day_of(wanted.max, today)
    if first is not None and day < first:
        return Wrong(f"{_shown(first)}以降の日付をお送りください。")
    if last is not None and day > last:
        return Wrong(f"{_shown(last)}以前の日付をお送りください。")
    return Read(day.isoformat())


def _day_written(text: str) -> date | None:
    """The day that a text names; None where it names none. Raises ValueError where there is no such day."""
    if found := _DATE.fullmatch(text) or _DIGITS.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _ERA_DATE.fullmatch(text):
        year = 1 if found[2] == "元" else int(found[2])
        return day_in_era(found[1].upper(), year, int(found[3]), int(found[4]))
    return None


def day_of(written: str | None, today: date) -> date | None:
    """A day as it is declared: ``today`` or a date."""
    if written is None:
        return None
    return today if written == "today" else date.fromisoformat(written)


def _shown(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


# A comma parts thousands: 2,3回 is two or three times. A unit is up to three letters or two kanji, of which ヶ is one:
# cm, 人, 回目, ヶ月.
_NUMBER = re.compile(
    r"([-+]?(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.\d{1,10})?)\s*(?:([a-zA-Z]{1,3})|([\u4e00-\u9fff々ヶヵ]{1,2}))?"
)
_COUNTS = frozenset("一二三四五六七八九十百千万億兆割半倍乗余以未満前後強弱約代台数多近超程位頃")
"""Kanji that make another number of the one before them, or a vague one: 5万, 3割, 20代, 3回以上."""
_LETTERS_THAT_COUNT = frozenset({"k", "am", "pm"})
"""3k are 3000, and 5pm is the hour 17."""


def _number(wanted: NumberAnswer, text: str) -> Read | Wrong:
    written = normal(text).replace("−", "-").replace("ー", "-")
    found = _NUMBER.fullmatch(written)
    if found is None or (found[2] or "").casefold() in _LETTERS_THAT_COUNT or _COUNTS & set(found[3] or ""):
        return Wrong("数字でお答えください。")
    value = float(found[1].replace(",", ""))
    if wanted.whole and not value.is_integer():
        return Wrong("小数のない数字でお答えください。")
    if wanted.min is not None and value < wanted.min:
        return Wrong(f"{wanted.min}以上の数字でお答えください。")
    if wanted.max is not None and value > wanted.max:
        return Wrong(f"{wanted.max}以下の数字でお答えください。")
    return Read(int(value) if value.is_integer() else value)


def _postcode(wanted: PostcodeAnswer, text: str) -> Read | Wrong:
    written = normal(text)
    code = postcode_of(written)
    prefecture = prefecture_named(written) if code is None else prefecture_of(code)
    if prefecture is None:
        return Wrong("郵便番号を「1500001」のように7桁の数字でお送りください。")
    beside = ((wanted.code_to, code),) if wanted.code_to is not None and code is not None else ()
    return Read(prefecture, beside)


_KANA = re.compile(r"[ァ-ヶー・ ]+")
# What browsers take as an address: https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address, with a
# dot in the domain.
_EMAIL = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+"
)
# Japan's numbers have ten digits, those of mobile and IP telephones eleven:
# https://www.soumu.go.jp/main_sosiki/joho_tsusin/top/tel_number/index.html
_PHONE = re.compile(r"0[1-9]\d{8}|0[5789]0\d{8}")


_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What turns the direction of the text after it."""


def _unusable(one: str) -> bool:
    return (unicodedata.category(one) in {"Cc", "Cs"} and one not in "\n\t") or one in _TURNS


def _text(wanted: TextAnswer, text: str) -> Read | Wrong:
    written = text.strip()
    if any(_unusable(one) for one in written):
        return Wrong("使えない文字が含まれています。")
    if wanted.shape == "kana":
        written = "".join(chr(ord(one) + 0x60) if "ぁ" <= one <= "ゖ" else one for one in normal(written))
        if not _KANA.fullmatch(written):
            return Wrong("カタカナかひらがなでお答えください。")
    elif wanted.shape == "email":
        written = normal(written)
        if not _EMAIL.fullmatch(written) or len(written) > 254:
            return Wrong("メールアドレスを正しくお送りください。")
    elif wanted.shape == "phone":
        written = re.sub(r"[-() ‐-―−ー]", "", normal(written))
        written = re.sub(r"^\+81(?=[1-9])", "0", written)  # as from abroad
        if not _PHONE.fullmatch(written):
            return Wrong("電話番号を「09012345678」のようにお送りください。")
    length = graphemes(written)
    if length < wanted.at_least:
        return Wrong(
            f"{wanted.at_least}文字以上でお答えください。" if wanted.at_least > 1 else "文字でお答えください。"
        )
    # One character as people see it may be made of any number of code points.
    if length > wanted.at_most or utf16_units(written) > 8 * wanted.at_most:
        return Wrong(f"{wanted.at_most}文字以内でお答えください。")
    try:
        if wanted.pattern is not None and not is_whole(wanted.pattern, written):
            return Wrong("入力の形式をご確認ください。")
    except PatternTooSlow:
        return Wrong("入力の形式をご確認ください。")
    return Read(written)
