"""Channel access tokens of every kind: issue, verify, revoke.

https://developers.line.biz/en/reference/messaging-api/#channel-access-token and
https://developers.line.biz/en/docs/basics/channel-access-token/. Long-lived tokens come from the console, here from
control.
"""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import parse_qs

from lineform.lineapi import limits
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, RefusedError, dump, not_found, ok, refuse
from lineform.sandbox.assertions import LONGEST_TOKEN, AssertionRefusedError, key_of, verify
from lineform.sandbox.routing import Route
from lineform.sandbox.world import World

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MONTH = limits.TOKEN_DAYS * 86400
NO_KEY = "Cannot find channel key that satisfies the conditions"
SHORT = ("short", "long")
EMPTY = Answer(200, b"")


def stateless(world: World, call: Call) -> Answer:
    """15 minutes, not revocable, as many as wanted; by secret or by assertion."""
    form = _form(call)
    if "client_assertion" in form:
        account, _ = _by_assertion(world, form, call.now)
    else:
        account = _by_secret(world, form, "invalid_request", "Invalid 'client_credentials'.")
    token = issue(world, account.id, "stateless", call.now, limits.STATELESS_TOKEN_SECONDS)
    return ok({"token_type": "Bearer", "access_token": token, "expires_in": limits.STATELESS_TOKEN_SECONDS})


def issue_v21(world: World, call: Call) -> Answer:
    """At most 30 living ones; the 31st is refused."""
    account, claims = _by_assertion(world, _form(call), call.now)
    life = claims.get("token_exp")
    if not isinstance(life, int) or not 0 < life <= LONGEST_TOKEN:
        raise _oauth(400, "invalid_client", "Invalid token_exp")
    if len(_living(world, account.id, "v2.1", call.now)) >= limits.TOKENS:
        raise refuse(400, "The maximum number of access tokens has already been issued")
    key = world.hex(22)
    token = issue(world, account.id, "v2.1", call.now, life, key)
    return ok({"access_token": token, "token_type": "Bearer", "expires_in": life, "key_id": key})


def key_ids(world: World, call: Call) -> Answer:
    """GET /oauth2/v2.1/tokens/kid: the key ids of living tokens."""
    account, _ = _by_assertion(world, call.query, call.now)
    return ok({"kids": [row["key_id"] for row in _living(world, account.id, "v2.1", call.now)]})


def verify_v21(world: World, call: Call) -> Answer:
    """GET /oauth2/v2.1/verify."""
    row = _token(world, call.query.get("access_token", ""), ("v2.1", "stateless"))
    if row is None:
        raise _oauth(400, "invalid_request", "The access token malformed")
    if row["expires"] <= call.now:
        raise _oauth(400, "invalid_request", "The access token expired")
    return _valid(world, row, call.now)


def revoke_v21(world: World, call: Call) -> Answer:
    """A stateless token stays valid until it ends: it cannot be revoked."""
    form = _form(call)
    account = _by_secret(world, form, "invalid_request", "invalid client_secret")
    sql = "update tokens set revoked=1 where token=? and account=? and kind='v2.1'"
    world.state.run(sql, form.get("access_token", ""), account.id)
    return EMPTY


def issue_short(world: World, call: Call) -> Answer:
    """30 days; the oldest of more than 30 is revoked."""
    account = _by_secret(world, _form(call), "invalid_client", "invalid client_id")
    living = _living(world, account.id, "short", call.now)
    for row in living[: max(0, len(living) - limits.TOKENS + 1)]:
        world.state.run("update tokens set revoked=1 where token=?", row["token"])
    token = issue(world, account.id, "short", call.now, MONTH)
    return ok({"access_token": token, "expires_in": MONTH, "token_type": "Bearer"})


def verify_short(world: World, call: Call) -> Answer:
    """POST /v2/oauth/verify."""
    row = _token(world, _form(call).get("access_token", ""), SHORT)
    if row is None or (row["expires"] is not None and row["expires"] <= call.now):
        raise _oauth(400, "invalid_request", "access_token invalid")
    return _valid(world, row, call.now)


def revoke_short(world: World, call: Call) -> Answer:
    """POST /v2/oauth/revoke."""
    token = _form(call).get("access_token", "")
    world.state.run("update tokens set revoked=1 where token=? and kind in ('short', 'long')", token)
    return EMPTY


def issue(
    world: World, account: int, kind: str, now: float, life: float | None, key: str | None = None, token: str = ""
) -> str:
    """A new token, or the given one; without a `life` in seconds it never expires."""
    made = token or f"sandbox-{kind}-{world.hex(64)}"
    expires = None if life is None else now + life
    sql = "insert into tokens (token, account, kind, issued, expires, key_id) values (?, ?, ?, ?, ?, ?)"
    world.state.run(sql, made, account, kind, now, expires, key)
    return made


def _form(call: Call) -> dict[str, str]:
    try:
        return {name: values[0] for name, values in parse_qs(call.body.decode(), keep_blank_values=True).items()}
    except UnicodeDecodeError:
        raise _oauth(400, "invalid_request", "some parameters missed or invalid") from None


def _oauth(status: int, error: str, description: str) -> RefusedError:
    return RefusedError(Answer(status, dump({"error": error, "error_description": description})))


def _by_secret(world: World, form: dict[str, str], error: str, description: str) -> Account:
    account = _by_channel(world, form.get("client_id", ""))
    if account is None or not account.settings.channel_secret:
        raise _oauth(400, error, description)
    given = form.get("client_secret", "")
    if not hmac.compare_digest(given.encode(), account.settings.channel_secret.encode()):
        raise _oauth(400, error, "invalid client_secret" if error == "invalid_client" else description)
    return account


def _by_channel(world: World, channel: str) -> Account | None:
    row = world.state.one("select * from accounts where json_extract(settings, '$.channel_id')=?", channel)
    return Account.from_row(row) if row else None


def _by_assertion(world: World, form: dict[str, str], now: float) -> tuple[Account, dict[str, Any]]:
    if form.get("client_assertion_type") != JWT_BEARER:
        raise _oauth(400, "invalid_request", "some parameters missed or invalid")
    try:
        kid = key_of(form.get("client_assertion", ""))
        key = world.state.recall(f"assertion-key-{kid}")
        if key is None:
            raise not_found(NO_KEY)
        claims = verify(form["client_assertion"], key["jwk"], now)
    except AssertionRefusedError as refused:
        raise _oauth(400, "invalid_client", refused.reason) from None
    account = world.account(key["account"])
    if claims.get("iss") != account.settings.channel_id:
        raise _oauth(400, "invalid_client", "iss and clientId of key do not match")
    return account, claims


def _living(world: World, account: int, kind: str, now: float) -> list[Any]:
    sql = (
        "select token, key_id from tokens where account=? and kind=? and revoked=0 and expires>? order by issued, token"
    )
    return list(world.state.all(sql, account, kind, now))


def _token(world: World, token: str, kinds: tuple[str, ...]) -> Any:
    row = world.state.one("select * from tokens where token=? and revoked=0", token)
    return row if row is not None and row["kind"] in kinds else None


def _valid(world: World, row: Any, now: float) -> Answer:
    account = world.account(row["account"])
    # LINE shows a far day for tokens that never end; seconds until then are as good as any.
    seconds = MONTH * 1200 if row["expires"] is None else int(row["expires"] - now)
    return ok({"client_id": account.settings.channel_id, "expires_in": seconds})


ROUTES = (
    Route("POST", "/oauth2/v3/token", open_handler=stateless),
    Route("POST", "/oauth2/v2.1/token", open_handler=issue_v21),
    Route("GET", "/oauth2/v2.1/tokens/kid", open_handler=key_ids),
    Route("GET", "/oauth2/v2.1/verify", open_handler=verify_v21),
    Route("POST", "/oauth2/v2.1/revoke", open_handler=revoke_v21),
    Route("POST", "/v2/oauth/accessToken", open_handler=issue_short),
    Route("POST", "/v2/oauth/verify", open_handler=verify_short),
    Route("POST", "/v2/oauth/revoke", open_handler=revoke_short),
)
