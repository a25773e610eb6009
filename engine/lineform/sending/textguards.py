"""Text that must not reach a friend: what a template failed to fill in, what an encoding broke, what was for testing.

Asked twice: when files are validated, and about every rendered message before the first call of a send. Each rule is
an accident that somebody had: "??????" went to 58 million people once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineform.model.origin import Path
from lineform.templates.moments import BUILD, SEND
from lineform.templates.scalars import without_expressions

VISIBLE_KEYS = frozenset({"text", "altText", "title", "label", "displayText", "fillInText", "address", "name"})
"""Keys of LINE's message objects whose text a friend reads."""

FEW = 10
"""So many messages may be suspicious, however small a send is."""
_ROOTS = "|".join(sorted(BUILD | SEND))
_UNRENDERED = re.compile(r"\{\{|\{%")
# In textV2 a doubled brace is a written brace (https://developers.line.biz/en/reference/messaging-api/#text-message-v2),
# so there only our own words betray an expression.
_UNRENDERED_V2 = re.compile(rf"\{{%|\{{\{{-?\s*(?:{_ROOTS})\b")
# What authors mistype: braces of full width, or one before a name of ours. Friends may be called ｛｛ゆき｝｝, and an
# answer of theirs may say { friend.name }, so this is asked about what authors wrote only.
_MISTYPED = re.compile(rf"[{{｛]+[-　 ]*(?:{_ROOTS})[.．\[]|[{{｛][｛%％]|｛\{{")
_BRACES = re.compile(r"(?P<opening>[{｛])|(?P<doubled>[}｝]{2})|(?P<block>(?<!\d)[%％][}｝])|[}｝]")
_QUESTION_MARKS = re.compile(r"[?？]{3,}")
_REPLACEMENT = "�"
# A word of its own, so not コンテスト or テスター.
_TEST = re.compile(r"(?<![ァ-ヴー])テスト(?![ァ-ヴー])")
# A school may write to its pupils about tests.
_SCHOOL = re.compile(
    "(?:期末|中間|定期|実力|確認|学力|小|単元|復習|模擬|入学|漢字|英語|数学)テスト"
    "|テスト(?:対策|勉強|範囲|期間|直前|結果|直し|前の|後の|の(?:点|結果|範囲|日程))"
)
# What betrays a suspicion in JSON bytes before they are read as JSON, where `{{` occurs inside of strings only. Three
# question marks of either width always hold one of these pairs. Plain searches: one pattern for all takes ten times
# longer, and this is asked about every message of every friend.
_WORTH_READING = tuple(word.encode() for word in ("{{", "{%", "??", "？？", "?？", _REPLACEMENT, "テスト", "\\u"))
_EMPTY_TEXT = re.compile(r"""ext"\s*:\s*"(?:\s|　|\\[nrt])*\"""".encode())


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Why a text must not be sent. `position` counts characters (code points) from 0."""

    code: str
    sentence: str
    position: int


def suspicious(
    text: str, *, production: bool, templated: bool = False, authored: bool = False, braces_doubled: bool = False
) -> list[Suspicion]:
    """What is wrong with a text that friends would read; empty where nothing is.

    `production` also refuses text that says テスト. `authored` is for text that holds nothing of a friend: whatever
    looks like a part of an expression is one. `templated` is for such text as written, whose expressions are no fault.
    `braces_doubled` is for textV2, where ``{{`` is a written brace.
    """
    if templated:
        # Only what is written out says something: `{% if … %}{% endif %}` says nothing, whatever is known.
        text = without_expressions(text)
    return list(_suspicions(text, production, templated or authored, braces_doubled))


def _suspicions(text: str, production: bool, authored: bool, braces_doubled: bool) -> Iterator[Suspicion]:
    if not text.strip():
        yield Suspicion("E280", "the text is empty", 0)
    found = (_UNRENDERED_V2 if braces_doubled else _UNRENDERED).search(text)
    if found is None and authored:
        found = _MISTYPED.search(text) or _left_over(text, braces_doubled)
    if found:
        yield Suspicion("E281", f"the text still holds '{found[0]}', a part of an expression", found.start())
    if found := _QUESTION_MARKS.search(text):
        yield Suspicion("E282", f"the text holds '{found[0]}', as when characters were lost on the way", found.start())
    if (at := text.find(_REPLACEMENT)) >= 0:
        yield Suspicion("E283", "the text holds U+FFFD, the mark of a character that was lost on the way", at)
    if production and (at := _test_word(text)) >= 0:
        yield Suspicion("E284", "the text says テスト, and this client's environment is production", at)


def _left_over(text: str, braces_doubled: bool) -> re.Match[str] | None:
    """The end of an expression that has no beginning. Two closing braces in a row that close two, as JSON has them, and
    a percentage in braces are none."""
    opened = 0
    for found in _BRACES.finditer(text):
        if found["block"] or (found["doubled"] and opened < 2 and not (braces_doubled and found[0] == "}}")):
            return found
        opened = opened + 1 if found["opening"] else max(0, opened - len(found[0]))
    return None


def _test_word(text: str) -> int:
    school = [found.span() for found in _SCHOOL.finditer(text)]
    words = (found.start() for found in _TEST.finditer(text))
    return next((at for at in words if not any(start <= at < end for start, end in school)), -1)


def suspicious_messages(
    messages: Sequence[Mapping[str, Any]], *, production: bool, templated: bool = False, authored: bool = False
) -> list[tuple[Path, Suspicion]]:
    """The suspicions about every text in these message objects, each with the way to its text.

    Addresses and data are searched for expressions and lost characters only, and only a message's own text and altText
    must say something: a space is an ordinary spacer in a Flex message.
    """
    found: list[tuple[Path, Suspicion]] = []
    for index, message in enumerate(messages):
        doubled = message.get("type") == "textV2"
        for path, text in _texts(message, (index,)):
            key = next((part for part in reversed(path) if isinstance(part, str)), "")
            written = doubled and key == "text"
            wrong = suspicious(
                text, production=production, templated=templated, authored=authored, braces_doubled=written
            )
            found.extend((path, one) for one in wrong if _counts(one.code, key, len(path)))
    return found


def _counts(code: str, key: str, depth: int) -> bool:
    if code == "E280":
        return depth == 2 and key in {"text", "altText"}
    return key in VISIBLE_KEYS or code in {"E281", "E283"}


def suspicious_bytes(messages: bytes, *, production: bool) -> list[tuple[Path, Suspicion]]:
    """`suspicious_messages` of a JSON list in UTF-8, read as JSON only where its bytes look suspicious."""
    if not _worth_reading(messages):
        return []
    return suspicious_messages(json.loads(messages), production=production)


def few_enough(suspicious: int, recipients: int) -> bool:
    """Whether so many messages of a send are the trouble of single friends, such as somebody whose name is `????`:
    these are left out. More than ten that are more than a hundredth, or all of them, are a mistake in the text or in
    what was imported, and nobody is sent anything."""
    return suspicious < recipients and (suspicious <= FEW or suspicious * 100 <= recipients)


class Watch:
    """Tells for many renderings with the same pieces around their holes which are worth `suspicious_bytes`.

    The pieces are looked through once. For a rendering only its values are, each with as much of the pieces beside it
    as a suspicion may take in: it stays within one text, or begins with the text's key.
    """

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._always = any(map(_worth_reading, pieces))
        self._near = [part for piece in pieces for part in (_edges(piece), b"")][:-1]

    def worth_reading(self, values: Sequence[bytes]) -> bool:
        """Whether the rendering with these values may hold something suspicious."""
        if self._always:
            return True
        parts = self._near.copy()
        parts[1::2] = values
        return _worth_reading(b"".join(parts))


_LONGEST = 16
"""Bytes that no word of `_WORTH_READING` is longer than."""


def _edges(piece: bytes) -> bytes:
    """The beginning and the end of a piece of JSON, as far as texts may go on there."""
    # The text in front ends with the first quote. The one behind begins with the last, and its key with the last but
    # two.
    first = max(_LONGEST, piece.find(b'"') + 1)
    last = len(piece)
    for _ in range(3):
        last = max(0, piece.rfind(b'"', 0, last))
    last = min(last, len(piece) - _LONGEST)
    return piece if last <= first else piece[:first] + b" " + piece[last:]


def _worth_reading(messages: bytes) -> bool:
    for word in _WORTH_READING:  # `any` over a generator takes twice as long
        if word in messages:
            return True
    return _EMPTY_TEXT.search(messages) is not None


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts(part, (*path, key))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _texts(part, (*path, index))
