"""Whether a text is worth a whole look is decided by a pattern, which must never miss a suspicion."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lineform.loading.check_messages import _worth_asking
from lineform.sending.textguards import suspicious

PIECES = st.sampled_from(
    [
        "",
        " ",
        "?",
        "？",
        "{",
        "{{ x",
        "{% y",
        "%}",
        "}",
        "｛",
        "｝",
        "friend.",
        "\ufffd",
        "テスト",
        "コン",
        "ー",
        "https://a.example/?b=c",
        "\u3000",
    ]
)


@given(st.lists(PIECES, max_size=6).map("".join))
def test_every_suspicious_text_is_worth_asking_about(text: str) -> None:
    if suspicious(text, production=True, templated=True):
        assert _worth_asking(text)


@given(st.text())
def test_every_suspicious_text_of_any_characters_is_worth_asking_about(text: str) -> None:
    if suspicious(text, production=True, templated=True):
        assert _worth_asking(text)


def test_an_address_with_a_query_is_not_worth_asking_about() -> None:
    assert not _worth_asking("https://shop.example/booking?from=card")
