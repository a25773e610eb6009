"""Who a person is to a system outside of LINE: tokens that link accounts, and ID tokens of LINE Login.

https://developers.line.biz/en/docs/messaging-api/linking-accounts/ and
https://developers.line.biz/en/reference/line-login/#verify-id-token.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from lineform.errors import UsageError
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, RefusedError, bad_parameter, dump, not_found, ok
from lineform.sandbox.api.ids import is_user_id
from lineform.sandbox.people import person, record_event
from lineform.sandbox.routing import Route
from lineform.sandbox.world import World

LINK_SECONDS = 600
ID_SECONDS = 3600
NONCE = (10, 255)
"""Characters of a nonce, at least and at most."""


def link_token(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/user/{userId}/linkToken: only of people whom the channel knows; good once, for ten minutes."""
    user = call.params["userId"]
    if not is_user_id(user):
        raise bad_parameter("userId")
    if not world.state.one("select 1 from people where account=? and user=?", account.id, user):
        raise not_found()
    token = world.hex()
    world.state.remember(f"link-{token}", {"account": account.id, "user": user, "until": call.now + LINK_SECONDS})
    return ok({"linkToken": token})


def link(world: World, account: Account, token: str, nonce: str, now: float) -> dict[str, Any]:
    """What the phone does at access.line.me/dialog/bot/accountLink: the event that the webhook gets.

    Raises UsageError where LINE would show an error on the phone instead."""
    known = world.state.recall(f"link-{token}")
    if known is None or known["account"] != account.id:
        raise UsageError("LINE knows no such link token", hint="Each is good once, and for its own account.")
    world.state.remember(f"link-{token}", None)
    if known["until"] <= now:
        raise UsageError("the link token is older than ten minutes", hint="Ask for a new one.")
    if not NONCE[0] <= len(nonce) <= NONCE[1]:
        raise UsageError(f"a nonce has {NONCE[0]} to {NONCE[1]} characters, not {len(nonce)}")
    result = {"link": {"result": "ok", "nonce": nonce}}
    return record_event(world, account, known["user"], now, "accountLink", result, reply=True)


def id_token(world: World, account: Account, user: str, channel: str, now: float) -> str:
    """The ID token that LINE Login's channel would give a page in this person's LINE."""
    person(world, account, user)
    token = f"sandbox.{world.hex(64)}.id"
    known = {"user": user, "channel": channel, "from": now, "until": now + ID_SECONDS}
    world.state.remember(f"id-{token}", known)
    return token


def verify_id_token(world: World, call: Call) -> Answer:
    """POST /oauth2/v2.1/verify."""
    try:
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    except UnicodeDecodeError:
        raise _refused("Invalid IdToken.") from None
    known = world.state.recall(f"id-{form.get('id_token', '')}")
    if known is None:
        raise _refused("Invalid IdToken.")
    if known["until"] <= call.now:
        raise _refused("IdToken expired.")
    if known["channel"] != form.get("client_id"):
        raise _refused("Invalid IdToken Audience.")
    return ok(
        {
            "iss": "https://access.line.me",
            "sub": known["user"],
            "aud": known["channel"],
            "exp": int(known["until"]),
            "iat": int(known["from"]),
            "amr": ["linesso"],
        }
    )


def _refused(description: str) -> RefusedError:
    return RefusedError(Answer(400, dump({"error": "invalid_request", "error_description": description})))


ROUTES = (
    Route("POST", "/v2/bot/user/{userId}/linkToken", link_token),
    Route("POST", "/oauth2/v2.1/verify", open_handler=verify_id_token),
)
