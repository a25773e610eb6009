from __future__ import annotations

import subprocess
import sys

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from lineform.lineapi.counting import Unit, graphemes, length, utf16_units

FAMILY = "👨‍👩‍👧‍👦"
TRICKY = st.text(
    st.one_of(
        st.sampled_from("aあ漢ｱﾞが\u3099\u0301\r\n👨\u200d👩🇯🇵🏽\u1100\u1161\u00ad〰️ั\u302a"),
        st.characters(codec="utf-8"),
    )
)


@pytest.mark.parametrize(
    ("text", "units", "clusters"),
    [
        ("", 0, 0),
        ("abc", 3, 3),
        ("こんにちは", 5, 5),
        ("🍎", 2, 1),
        ("𠮷野家", 4, 3),
        (FAMILY, 11, 1),
        ("🇯🇵", 4, 1),
        ("か\u3099", 2, 1),
        ("ｶﾞ", 2, 1),
        ("a\r\nb", 4, 3),
    ],
)
def test_a_text_is_counted_in_utf16_units_and_in_grapheme_clusters(text: str, units: int, clusters: int) -> None:
    assert (utf16_units(text), graphemes(text)) == (units, clusters)
    assert (length(text, Unit.UTF16), length(text, Unit.GRAPHEME)) == (units, clusters)


@given(TRICKY)
def test_the_fast_ways_agree_with_the_slow_ones(text: str) -> None:
    assert utf16_units(text) == len(text.encode("utf-16-le")) // 2
    assert graphemes(text) == len(regex.findall(r"\X", text))


def test_a_lone_surrogate_is_counted_and_does_not_crash() -> None:
    assert utf16_units("a\ud83d") == 2


def test_importing_the_facts_loads_neither_regex_nor_pydantic() -> None:
    program = (
        "import sys, lineform.lineapi.author, lineform.lineapi.rates, lineform.lineapi.errors\n"
        "from lineform.lineapi.check import check_message\n"
        "assert not check_message({'type': 'text', 'text': 'セール 30%OFF!'})\n"
        "print([m for m in ('regex', 'pydantic', 'jsonschema', 'aiohttp') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=_with_engine()
    )
    assert done.stdout.strip() == "[]"


def _with_engine() -> dict[str, str]:
    return {"PYTHONPATH": ":".join(path for path in sys.path if path)}
