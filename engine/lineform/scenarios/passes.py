"""Signed words that a friend brings back: the pass to a page of their own, and the code of an entry route.

A pass names a friend by an internal id, what it opens, and until when; it is good for that and nothing else, so it can
stand in a message. A route's code stands in a text that everybody may send who came by the route: its signature only
keeps people from inventing routes.

    pass = base64url(payload + mac)     payload = version, purpose, name, friend, minute of its end
    code = #name-abcdefghij             the first 50 bits of the mac, in base32
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

FORM, MEMBER = "form", "member"
"""What a pass opens: a form's page, or the linking to a member."""
_PLACES: Final = {FORM: "f", MEMBER: "m"}
_VERSION: Final = "1"
_MAC: Final = 12
_LONGEST: Final = 200
_PASS = re.compile(r"[A-Za-z0-9_-]+")
_CODE = re.compile(r"#([a-z0-9][a-z0-9_-]{0,31})-([a-z2-7]{10})(?![a-z0-9])")


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass says. `until` is a whole minute."""

    purpose: str
    name: str
    friend: int
    until: datetime


def sign_pass(key: bytes, account: str, one: Pass) -> str:
    """The pass as it stands in an address."""
    minute = int(one.until.timestamp()) // 60
    payload = "\n".join((_VERSION, one.purpose, one.name, str(one.friend), str(minute))).encode()
    return urlsafe_b64encode(payload + _mac(key, "pass", account, payload)).rstrip(b"=").decode()


def pass_url(base: str, key: bytes, account: str, one: Pass) -> str:
    """The address that a pass opens: ``https://go.example.jp/f/<client>/<pass>``."""
    return f"{base}/{_PLACES[one.purpose]}/{account}/{sign_pass(key, account, one)}"


def read_pass(keys: Sequence[bytes], account: str, text: str, now: datetime) -> Pass | None:
    """What a pass says that one of these keys signed for this account; None where none did, or it is over."""
    if len(text) > _LONGEST or not _PASS.fullmatch(text) or len(text) % 4 == 1:
        return None
    whole = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if urlsafe_b64encode(whole).rstrip(b"=").decode() != text:
        return None  # one pass has one form
    payload, mac = whole[:-_MAC], whole[-_MAC:]
    if not any(hmac.compare_digest(_mac(key, "pass", account, payload), mac) for key in keys):
        return None
    version, purpose, name, friend, minute = payload.decode().split("\n")
    until = datetime.fromtimestamp(int(minute) * 60, UTC)
    return Pass(purpose, name, int(friend), until) if version == _VERSION and now < until else None


def route_code(key: bytes, account: str, route: str) -> str:
    """The code by which a text tells the route."""
    return f"#{route}-{_code(key, account, route)}"


def route_in(keys: Sequence[bytes], account: str, text: str) -> str:
    """The route whose code stands in a text; empty where there is none that one of these keys signed."""
    for found in _CODE.finditer(text[:1_000]):
        if any(hmac.compare_digest(_code(key, account, found[1]), found[2]) for key in keys):
            return found[1]
    return ""


def _code(key: bytes, account: str, route: str) -> str:
    return b32encode(_mac(key, "route", account, route.encode())).decode().lower()[:10]


def _mac(key: bytes, purpose: str, account: str, payload: bytes) -> bytes:
    return hmac.new(key, f"lineform {purpose}\n{account}\n".encode() + payload, "sha256").digest()[:_MAC]
