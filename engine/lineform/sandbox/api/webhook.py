"""Where LINE sends webhooks, and whether they arrive.

https://developers.line.biz/en/reference/messaging-api/#webhook-settings. `lineform.sandbox.delivery` sends them.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from lineform.lineapi import limits
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, json_object, not_found, ok, refuse
from lineform.sandbox.delivery import endpoint_name
from lineform.sandbox.routing import Route
from lineform.sandbox.world import World


def set_endpoint(world: World, account: Account, call: Call) -> Answer:
    """PUT /v2/bot/channel/webhook/endpoint."""
    address = json_object(call).get("endpoint")
    if not _is_endpoint(address):
        raise refuse(400, "Invalid webhook endpoint URL")
    world.state.remember(endpoint_name(account.id), address)
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
    address = world.state.recall(endpoint_name(account.id))
    if address is None:
        raise not_found("Webhook endpoint not found")
    return ok({"endpoint": address, "active": account.settings.webhook_active})


def test_endpoint(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/channel/webhook/test: a post without events, whose outcome is the answer."""
    body = json_object(call) if call.body else {}
    given = body.get("endpoint")
    if given is not None and not _is_endpoint(given):
        raise refuse(400, "Invalid webhook endpoint URL")
    address = given or world.state.recall(endpoint_name(account.id))
    if not address:
        raise not_found("Webhook endpoint not found")
    return Answer(200, tests=(account.id, str(address)))


ROUTES = (
    Route("PUT", "/v2/bot/channel/webhook/endpoint", set_endpoint),
    Route("GET", "/v2/bot/channel/webhook/endpoint", get_endpoint),
    Route("POST", "/v2/bot/channel/webhook/test", test_endpoint),
)
