"""Links whose taps are recorded: signed, short, and of no use for going anywhere else.

A message carries ``https://go.example.jp/l/<token>``. A token names, by numbers of the store, a target that was
recorded when the send was frozen, and where taps are told apart by friend that friend; never a user id of LINE's and
never an address. Where a tap goes is looked up, so nobody can make a token that leads somewhere else, and a token that
was tampered with is none.

    token     = base64url(payload + mac)                     16 to 36 characters
    payload   = version, target and friend as varints        a friend of 0 is left out
    mac       = the first 12 bytes of HMAC-SHA256(key, account + payload)

Twelve bytes are beyond guessing, and an online guess is all there is. itsdangerous would do the same in twice the
characters.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

_VERSION = 1
_MAC = 12
SHORTEST_KEY = 16
"""Characters of a key."""
_LONGEST = 64
"""Characters of a token; longer ones are not looked at."""
PATH = "/l/"
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a token says: the number of a recorded target, and the internal id of the friend it was made for; 0 where
    everybody reads the same link."""

    target: int
    friend: int = 0


@dataclass(frozen=True, slots=True)
class LinkKeys:
    """One account's links: under which address, signed with which key. Tokens of older keys are still read."""

    base: str
    """``https://go.example.jp``, without a slash at the end."""
    key: bytes = field(repr=False)
    older: tuple[bytes, ...] = field(default=(), repr=False)


def link_url(keys: LinkKeys, account: str, ticket: Ticket) -> str:
    """The address that stands in a message."""
    return f"{keys.base}{PATH}{sign(keys.key, account, ticket)}"


def sign(key: bytes, account: str, ticket: Ticket) -> str:
    """The token for a ticket."""
    payload = bytes([_VERSION]) + _varint(ticket.target) + (_varint(ticket.friend) if ticket.friend else b"")
    return urlsafe_b64encode(payload + _mac(key, account, payload)).rstrip(b"=").decode()


def read(keys: Mapping[str, LinkKeys], token: str) -> tuple[str, Ticket] | None:
    """Whose token it is, by account, and what it says; None where none of the accounts signed it."""
    if not (opened := _opened(token)):
        return None
    payload, mac, ticket = opened
    for account, known in keys.items():
        for key in (known.key, *known.older):
            if hmac.compare_digest(_mac(key, account, payload), mac):
                return account, ticket
    return None


def untracked(messages: bytes, base: str, targets: Mapping[int, str]) -> bytes:
    """Messages as JSON with each of these targets' links as it would be without a token: by which the same messages
    are known again, whomever they were sent to."""

    def plain(found: re.Match[bytes]) -> bytes:
        opened = _opened(found[1].decode())
        target = targets.get(opened[2].target) if opened else None
        return found[0] if target is None else target.encode()

    return _links_of(base).sub(plain, messages)


@lru_cache(maxsize=256)
def _links_of(base: str) -> re.Pattern[bytes]:
    return re.compile(re.escape(f"{base}{PATH}".encode()) + rb"([A-Za-z0-9_-]{16,64})")


def _mac(key: bytes, account: str, payload: bytes) -> bytes:
    mac = _begun(key, account).copy()
    mac.update(payload)
    return mac.digest()[:_MAC]


@lru_cache(maxsize=1024)
def _begun(key: bytes, account: str) -> hmac.HMAC:
    """What is the same for all tokens of one key and account: a send to millions signs millions."""
    return hmac.new(key, f"lineform link\n{account}\n".encode(), "sha256")


def _opened(token: str) -> tuple[bytes, bytes, Ticket] | None:
    """A token's payload, its mac, and what it claims; None where it has not the form of one."""
    if len(token) > _LONGEST or not _TOKEN.fullmatch(token) or len(token) % 4 == 1:
        return None
    whole = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    if urlsafe_b64encode(whole).rstrip(b"=").decode() != token:
        return None  # one token has one form
    payload, mac = whole[:-_MAC], whole[-_MAC:]
    if len(payload) < 2 or payload[0] != _VERSION:
        return None
    numbers = _numbers(payload[1:])
    return (payload, mac, Ticket(*numbers)) if numbers and len(numbers) <= 2 else None


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the highest bit says that more follow."""
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _numbers(data: bytes) -> list[int] | None:
    found: list[int] = []
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            found.append(number)
            number = shift = 0
    return None if shift else found


Keys = Callable[[], LinkKeys]
"""Where the keys are had when they are needed: they are secrets of the environment."""
