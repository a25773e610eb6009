"""Where LINE would send webhooks, and tokens for linking a friend to an account elsewhere.

https://developers.line.biz/en/reference/messaging-api/#webhook-settings and #issue-link-token. The address is kept and
shown; the events that people cause are read through control and not posted to it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from lineform.lineapi import limits
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, bad_parameter, json_object, not_found, ok, refuse
from lineform.sandbox.api.ids import is_user_id
from lineform.sandbox.routing import Route
from lineform.sandbox.world import World


def set_endpoint(world: World, account: Account, call: Call) -> Answer:
    """PUT /v2/bot/channel/webhook/endpoint."""
    address = json_object(call).get("endpoint")
    if not _is_endpoint(address):
        raise refuse(400, "Invalid webhook endpoint URL")
    world.state.remember(_name(account), address)
    return ok()


def _is_endpoint(address: object) -> bool:
    if not isinstance(address, str) or len(address) > limits.WEBHOOK_URL:
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def get_endpoint(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/channel/webhook/endpoint."""
    address = world.state.recall(_name(account))
    if address is None:
        raise not_found("Webhook endpoint not found")
    return ok({"endpoint": address, "active": account.settings.webhook_active})


def _name(account: Account) -> str:
    return f"webhook-{account.id}"


def link_token(world: World, account: Account, call: Call) -> Answer:
    """Only of people whom the channel knows; the linking itself happens on the phone, which is not here."""
    user = call.params["userId"]
    if not is_user_id(user):
        raise bad_parameter("userId")
    if not world.state.one("select 1 from people where account=? and user=?", account.id, user):
        raise not_found()
    return ok({"linkToken": world.hex()})


ROUTES = (
    Route("PUT", "/v2/bot/channel/webhook/endpoint", set_endpoint),
    Route("GET", "/v2/bot/channel/webhook/endpoint", get_endpoint),
    Route("POST", "/v2/bot/user/{userId}/linkToken", link_token),
)
