"""The parser in use is held to two others: ruamel.yaml's pure YAML 1.2, and PyYAML's own in Python."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lineform.loading import yaml as reading
from lineform.loading.yaml import parse_yaml
from lineform.model.problem import Severity

CORPUS = [
    "a: 1\nb: [x, 'y', \"z\\n\"]\n",
    "text: |\n  一行目\n  二行目\n\n  四行目\n",
    "text: >-\n  folded\n  text\n\n  second\n",
    "text: |+\n  keep\n\n",
    "- a\n- {b: c, d: [1, 2.5, -3]}\n- ? e\n  : f\n",
    "a: 'it''s'\nb: \"tab\\tquote\\\"\"\nc: plain # comment\n",
    "a:\n- 1\n-\n  - 2\n  - b: ~\n",
    "日本語: こんにちは😀\nurl: https://example.com/?a=b#c\n",
    "a: null\nb: Null\nc: ''\nd:\n",
    "a: True\nb: FALSE\nc: 0o17\nd: 0xff\ne: -0.5e3\n",
    "&anchor a: &b {x: 1}\nc: *b\n",
    "a: |2\n   indented\n  less\nb: 1\n",
    'a: "line one\n  line two\n\n  line four"\n',
    "a: plain\n  continued\n  here\n",
    "--- {a: b}\n",
    "a: -not a list\n",
]


def ours(text: str) -> tuple[bool, Any]:
    document, problems = parse_yaml(text, "a.yaml")
    if document is None or any(p.severity is Severity.ERROR for p in problems):
        return False, None
    return True, document.value


def ruamels(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(StringIO(text))


@pytest.mark.parametrize("text", CORPUS)
def test_the_corpus_means_what_ruamel_reads(text: str) -> None:
    assert ours(text) == (True, ruamels(text))


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn", "Zl", "Zp"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz日本", min_size=1), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=60)
@given(JSON, st.booleans())
def test_what_was_dumped_is_read_back(tree: Any, flow: bool) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True, default_flow_style=flow)
    # ruamel takes these for numbers without digits, and fails.
    assume(not re.search(r"(?<![^\s\[{,])[-+]?(0[xob])?[._]*_[._]*(?![^\s\]},:])", text))
    readable, found = ours(text)
    if readable:
        assert found == ruamels(text)


@settings(max_examples=60)
@given(JSON)
def test_json_is_yaml(tree: Any) -> None:
    text = json.dumps(tree, ensure_ascii=False)
    assert ours(text) == (True, tree)


FRAGMENTS = [
    "a",
    "b: ",
    "- ",
    "\n",
    "  ",
    ": ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "'",
    '"',
    "#",
    " #",
    "|",
    ">",
    "&x ",
    "*x",
    "!",
    "12",
    "no",
    "日",
    "?",
    "-",
    "%",
    "\t",
    "~",
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join))
def test_the_parser_in_c_and_the_one_in_python_agree(text: str) -> None:
    class Pure(yaml.SafeLoader):
        resolve = reading._Loader.resolve
        descend_resolver = reading._Loader.descend_resolver
        ascend_resolver = reading._Loader.ascend_resolver

    fast = parse_yaml(text, "a.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_Loader", Pure)
        slow = parse_yaml(text, "a.yaml")
    if fast[0] is not None and slow[0] is not None:
        assert fast[0].value == slow[0].value
        assert [(p.code, p.origin) for p in fast[1]] == [(p.code, p.origin) for p in slow[1]]
