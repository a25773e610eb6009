"""Where LINE would send webhooks.

https://developers.line.biz/en/reference/messaging-api/#webhook-settings. The address is kept and shown; the events that
people cause are read through control and not posted to it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from lineform.lineapi import limits
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, json_object, not_found, ok, refuse
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


ROUTES = (
    Route("PUT", "/v2/bot/channel/webhook/endpoint", set_endpoint),
    Route("GET", "/v2/bot/channel/webhook/endpoint", get_endpoint),
)
