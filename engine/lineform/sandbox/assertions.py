"""JSON Web Tokens signed with RS256, as channels sign them to ask for an access token.

https://developers.line.biz/en/docs/messaging-api/generate-json-web-token/. Only the verification of PKCS #1 v1.5
signatures with SHA-256 (RFC 8017, section 8.2.2) is needed, and that is arithmetic on public numbers.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

LONGEST_LIFE = 1800
LONGEST_TOKEN = 30 * 86400
AUDIENCE = "https://api.line.me/"
_SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


class AssertionRefusedError(Exception):
    """Why an assertion is not accepted, in LINE's words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def key_of(assertion: str) -> str:
    """The `kid` that the assertion claims, before anything about it is believed."""
    header, _, _ = _split(assertion)
    return str(_json(header).get("kid", ""))


def verify(assertion: str, key: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The claims of a correctly signed, living assertion; `key` is the registered public key as a JWK."""
    header, payload, signature = _split(assertion)
    if _json(header).get("alg") != "RS256":
        raise AssertionRefusedError("Invalid alg")
    modulus, exponent = _number(key["n"]), _number(key["e"])
    if not _signed(f"{header}.{payload}".encode(), _bytes(signature), modulus, exponent):
        raise AssertionRefusedError("Invalid signature")
    claims = _json(payload)
    if claims.get("iss") != claims.get("sub"):
        raise AssertionRefusedError("iss and sub do not match")
    if claims.get("aud") != AUDIENCE:
        raise AssertionRefusedError("Invalid aud")
    expires = claims.get("exp")
    if not isinstance(expires, int) or not now < expires <= now + LONGEST_LIFE:
        raise AssertionRefusedError("Invalid exp")
    return claims


def _signed(message: bytes, signature: bytes, modulus: int, exponent: int) -> bool:
    size = (modulus.bit_length() + 7) // 8
    if len(signature) != size:
        return False
    found = pow(int.from_bytes(signature), exponent, modulus).to_bytes(size)
    digest = _SHA256_PREFIX + hashlib.sha256(message).digest()
    wanted = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    return hmac.compare_digest(found, wanted)


def _split(assertion: str) -> tuple[str, str, str]:
    parts = assertion.split(".")
    if len(parts) != 3:
        raise AssertionRefusedError("The assertion is not a JWT")
    return parts[0], parts[1], parts[2]


def _json(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_bytes(part))
    except ValueError:
        raise AssertionRefusedError("The assertion is not a JWT") from None
    if not isinstance(value, dict):
        raise AssertionRefusedError("The assertion is not a JWT")
    return value


def _bytes(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise AssertionRefusedError("The assertion is not a JWT") from None


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text))
