from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from lineform.sandbox.control import Control
from support.line_calls import Line, Reply

# Two Mersenne primes make an RSA key that keeps no secret and needs no key file.
P = 2**521 - 1
Q = 2**607 - 1
N, E = P * Q, 65537
D = pow(E, -1, (P - 1) * (Q - 1))
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECRET = "s3cret"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    return encoded(value.to_bytes((value.bit_length() + 7) // 8))


def signed(claims: dict[str, Any], *, kid: str = "key-1", alg: str = "RS256") -> str:
    head = encoded(json.dumps({"alg": alg, "kid": kid, "typ": "JWT"}).encode())
    message = f"{head}.{encoded(json.dumps(claims).encode())}"
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(message.encode()).digest()
    size = (N.bit_length() + 7) // 8
    padded = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    return f"{message}.{encoded(pow(int.from_bytes(padded), D, N).to_bytes(size))}"


@pytest.fixture
def channel(control: Control) -> dict[str, Any]:
    """An account with a registered key."""
    found = control.add_account(name="keyed", token="keyed", channel_id="1234567890", channel_secret="s3cret")
    control.register_key("keyed", {"kid": "key-1", "n": number(N), "e": number(E)})
    return found


def claims(control: Control, **changes: Any) -> dict[str, Any]:
    now = int(control.clock()["epoch"])
    usual = {"iss": "1234567890", "sub": "1234567890", "aud": "https://api.line.me/", "exp": now + 1800}
    return {**usual, "token_exp": 86400, **changes}


def form(line: Line, path: str, **fields: str) -> Reply:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return line.post(path, urlencode(fields).encode(), headers=kind)


def with_secret(line: Line, path: str, secret: str = SECRET) -> Reply:
    return form(line, path, grant_type="client_credentials", client_id="1234567890", client_secret=secret)


def with_assertion(line: Line, path: str, assertion: str) -> Reply:
    return form(
        line, path, grant_type="client_credentials", client_assertion_type=JWT_BEARER, client_assertion=assertion
    )


def works(line: Line, token: str) -> bool:
    return Line(f"http://{line._host}", token).get("/v2/bot/info").status == 200


def test_a_stateless_token_lives_15_minutes(line: Line, control: Control, channel: dict[str, Any]) -> None:
    issued = with_secret(line, "/oauth2/v3/token").json
    assert (issued["token_type"], issued["expires_in"]) == ("Bearer", 900)
    control.advance(899)
    assert works(line, issued["access_token"])
    control.advance(1)
    assert not works(line, issued["access_token"])


def test_a_stateless_token_comes_by_assertion_too(line: Line, control: Control, channel: dict[str, Any]) -> None:
    issued = with_assertion(line, "/oauth2/v3/token", signed(claims(control)))
    assert works(line, issued.json["access_token"])


def test_a_wrong_secret_gets_nothing(line: Line, channel: dict[str, Any]) -> None:
    stateless = with_secret(line, "/oauth2/v3/token", "wrong")
    assert (stateless.status, stateless.json["error"]) == (400, "invalid_request")
    short = with_secret(line, "/v2/oauth/accessToken", "wrong")
    assert (short.status, short.json["error"]) == (400, "invalid_client")


def test_a_v21_token_is_issued_listed_verified_and_revoked(
    line: Line, control: Control, channel: dict[str, Any]
) -> None:
    issued = with_assertion(line, "/oauth2/v2.1/token", signed(claims(control))).json
    assert issued["expires_in"] == 86400
    token = issued["access_token"]
    assert works(line, token)
    query = f"client_assertion_type={quote(JWT_BEARER)}&client_assertion={signed(claims(control))}"
    assert line.get(f"/oauth2/v2.1/tokens/kid?{query}").json == {"kids": [issued["key_id"]]}
    verified = line.get(f"/oauth2/v2.1/verify?access_token={token}").json
    assert verified == {"client_id": "1234567890", "expires_in": 86400}
    revoked = form(line, "/oauth2/v2.1/revoke", client_id="1234567890", client_secret="s3cret", access_token=token)
    assert (revoked.status, revoked.body) == (200, b"")
    assert not works(line, token)
    assert line.get(f"/oauth2/v2.1/verify?access_token={token}").status == 400


def test_the_31st_v21_token_is_refused(line: Line, control: Control, channel: dict[str, Any]) -> None:
    for _ in range(30):
        assert with_assertion(line, "/oauth2/v2.1/token", signed(claims(control))).status == 200
    refused = with_assertion(line, "/oauth2/v2.1/token", signed(claims(control)))
    assert refused.json == {"message": "The maximum number of access tokens has already been issued"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": 1}, "Invalid exp"),
        ({"exp": 10**11}, "Invalid exp"),
        ({"aud": "https://example.com"}, "Invalid aud"),
        ({"iss": "1", "sub": "1"}, "iss and clientId of key do not match"),
        ({"sub": "1"}, "iss and sub do not match"),
        ({"token_exp": 31 * 86400}, "Invalid token_exp"),
    ],
)
def test_an_assertion_with_wrong_claims_is_refused(
    line: Line, control: Control, channel: dict[str, Any], changes: dict[str, Any], reason: str
) -> None:
    refused = with_assertion(line, "/oauth2/v2.1/token", signed(claims(control, **changes)))
    assert (refused.status, refused.json) == (400, {"error": "invalid_client", "error_description": reason})


def test_an_assertion_of_an_unknown_key_or_a_forged_one_is_refused(
    line: Line, control: Control, channel: dict[str, Any]
) -> None:
    good = signed(claims(control))
    head, payload, signature = good.split(".")
    other = encoded(json.dumps(claims(control, token_exp=9)).encode())
    path = "/oauth2/v2.1/token"
    assert with_assertion(line, path, signed(claims(control), kid="other")).status == 404
    assert with_assertion(line, path, f"{head}.{other}.{signature}").json["error_description"] == "Invalid signature"
    assert with_assertion(line, path, f"{head}.{payload}.AAAA").json["error_description"] == "Invalid signature"
    assert with_assertion(line, path, signed(claims(control), alg="none")).json["error_description"] == "Invalid alg"
    assert with_assertion(line, path, "nonsense").status == 400


def test_the_oldest_of_31_short_lived_tokens_is_revoked(line: Line, control: Control, channel: dict[str, Any]) -> None:
    tokens = []
    for _ in range(31):
        tokens.append(with_secret(line, "/v2/oauth/accessToken").json["access_token"])
        control.advance(1)
    assert [works(line, token) for token in (tokens[0], tokens[1], tokens[30])] == [False, True, True]


def test_short_and_long_lived_tokens_are_verified_and_revoked(
    line: Line, control: Control, channel: dict[str, Any]
) -> None:
    short = with_secret(line, "/v2/oauth/accessToken").json["access_token"]
    for token in (short, "keyed"):
        assert form(line, "/v2/oauth/verify", access_token=token).json["client_id"] == "1234567890"
        assert form(line, "/v2/oauth/revoke", access_token=token).status == 200
        assert form(line, "/v2/oauth/verify", access_token=token).status == 400
        assert not works(line, token)


def test_secrets_and_tokens_are_not_logged(line: Line, control: Control, channel: dict[str, Any]) -> None:
    issued = with_secret(line, "/oauth2/v3/token").json["access_token"]
    line.get(f"/oauth2/v2.1/verify?access_token={issued}")
    told = json.dumps([control.requests(), control.accounts()])
    assert issued not in told
    assert "s3cret" not in told
