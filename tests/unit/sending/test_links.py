"""A token leads where it was made for and tells who tapped to whoever has the key; one that was changed is none."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from hypothesis import given
from hypothesis import strategies as st

from lineform.sending.links import LinkKeys, Ticket, link_url, read, sign, untracked

OLD, NEW, OTHER = b"an old key of the client", b"a new key of the client!", b"a key of somebody else!!"
KEYS = {"aoba": LinkKeys("https://go.example.jp", NEW, (OLD,)), "kita": LinkKeys("https://go.example.jp", OTHER)}
numbers = st.integers(min_value=1, max_value=2**62)


@given(numbers, st.integers(min_value=0, max_value=2**62))
def test_a_token_says_what_was_signed(target: int, friend: int) -> None:
    token = sign(NEW, "aoba", Ticket(target, friend))
    assert read(KEYS, token) == ("aoba", Ticket(target, friend))
    assert len(token) <= 44


def test_tokens_of_a_real_store_are_short_and_name_nobody() -> None:
    token = sign(NEW, "aoba", Ticket(120_000, 8_300_000))
    assert len(token) == 27
    assert len(sign(NEW, "aoba", Ticket(1))) == 19
    assert link_url(KEYS["aoba"], "aoba", Ticket(1)).startswith("https://go.example.jp/l/")


def test_a_token_of_an_older_key_is_still_read_and_one_of_no_key_is_none() -> None:
    assert read(KEYS, sign(OLD, "aoba", Ticket(1, 2))) == ("aoba", Ticket(1, 2))
    assert read(KEYS, sign(b"a forged key, long enough", "aoba", Ticket(1, 2))) is None


def test_a_token_of_one_account_is_none_of_another_even_with_one_key() -> None:
    shared = {name: LinkKeys("https://go.example.jp", NEW) for name in ("aoba", "kita")}
    assert read(shared, sign(NEW, "kita", Ticket(1, 2))) == ("kita", Ticket(1, 2))
    assert read({"aoba": shared["aoba"]}, sign(NEW, "kita", Ticket(1, 2))) is None


@given(numbers, numbers, st.data())
def test_a_token_with_any_character_changed_is_none(target: int, friend: int, data: st.DataObject) -> None:
    token = sign(NEW, "aoba", Ticket(target, friend))
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("ABab01-_").filter(lambda letter: letter != token[at]))
    assert read(KEYS, token[:at] + other + token[at + 1 :]) is None


@given(
    st.one_of(st.text(max_size=80), st.binary(max_size=48).map(lambda b: urlsafe_b64encode(b).rstrip(b"=").decode()))
)
def test_no_text_makes_it_fail_and_none_is_a_token(text: str) -> None:
    assert read(KEYS, text) is None


def test_the_same_messages_are_known_again_behind_their_tokens() -> None:
    urls = {7: "https://shop.example.jp/sale", 8: "https://shop.example.jp/map"}
    made = [
        f'[{{"text":"見る {link_url(KEYS["aoba"], "aoba", Ticket(7, friend))}"}},'
        f'{{"uri":"{link_url(KEYS["aoba"], "aoba", Ticket(8, friend))}"}}]'.encode()
        for friend in (1, 2)
    ]
    plain = '[{"text":"見る https://shop.example.jp/sale"},{"uri":"https://shop.example.jp/map"}]'.encode()
    assert {untracked(one, "https://go.example.jp", urls) for one in made} == {plain}
    foreign = b'"https://go.example.jp/l/AAAAAAAAAAAAAAAAAAAA"'
    assert untracked(foreign, "https://go.example.jp", urls) == foreign


def test_keys_are_never_shown() -> None:
    assert "key of" not in repr(KEYS)
