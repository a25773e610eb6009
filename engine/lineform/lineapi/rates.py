"""How often each endpoint may be called: https://developers.line.biz/en/reference/messaging-api/#rate-limits.

A limit belongs to one channel, one HTTP method and one path template; ids in the path, the body and the caller's
address make no difference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

SECOND, MINUTE, HOUR = 1, 60, 3600


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` requests per `seconds`, shared by all requests of the same `bucket` ("POST /v2/bot/richmenu").

    `documented` is False where LINE states no limit (the LIFF server API): then the rate is our own courtesy and the
    offline account does not refuse by it.
    """

    count: int
    seconds: int
    bucket: str
    documented: bool = True


DEFAULT: Final = (2000, SECOND)

LIMITS: Final[dict[str, tuple[int, int]]] = {
    **dict.fromkeys(
        (
            "POST /v2/bot/message/narrowcast",
            "POST /v2/bot/message/broadcast",
            "GET /v2/bot/insight/message/delivery",
            "GET /v2/bot/insight/followers",
            "GET /v2/bot/insight/demographic",
            "GET /v2/bot/insight/message/event",
            "GET /v2/bot/insight/message/event/aggregation",
            "GET /v2/bot/insight/richmenu/{richMenuId}/summary",
            "GET /v2/bot/insight/richmenu/{richMenuId}/daily",
            "POST /v2/bot/channel/webhook/test",
        ),
        (60, HOUR),
    ),
    **dict.fromkeys(
        (
            "POST /v2/bot/audienceGroup/upload",
            "PUT /v2/bot/audienceGroup/upload",
            "POST /v2/bot/audienceGroup/upload/byFile",
            "PUT /v2/bot/audienceGroup/upload/byFile",
            "POST /v2/bot/audienceGroup/click",
            "POST /v2/bot/audienceGroup/imp",
            "PUT /v2/bot/audienceGroup/{audienceGroupId}/updateDescription",
            "DELETE /v2/bot/audienceGroup/{audienceGroupId}",
            "GET /v2/bot/audienceGroup/{audienceGroupId}",
            "GET /v2/bot/audienceGroup/list",
            "GET /v2/bot/audienceGroup/shared/{audienceGroupId}",
            "GET /v2/bot/audienceGroup/shared/list",
        ),
        (60, MINUTE),
    ),
    **dict.fromkeys(
        ("PUT /v2/bot/channel/webhook/endpoint", "GET /v2/bot/channel/webhook/endpoint"),
        (1000, MINUTE),
    ),
    **dict.fromkeys(
        (
            "POST /v2/bot/richmenu",
            "DELETE /v2/bot/richmenu/{richMenuId}",
            "DELETE /v2/bot/richmenu/alias/{richMenuAliasId}",
            "GET /v2/bot/richmenu/progress/batch",
        ),
        (100, HOUR),
    ),
    "POST /v2/bot/richmenu/batch": (3, HOUR),
    "GET /v2/bot/richmenu/list": (10, SECOND),
    **dict.fromkeys(
        (
            "POST /v2/bot/message/multicast",
            "GET /v2/bot/membership/subscription/{userId}",
            "GET /v2/bot/membership/list",
            # Not in the table of limits, but its own section states the same figure.
            "GET /v2/bot/membership/{membershipId}/users/ids",
            "POST /v2/bot/coupon",
            "PUT /v2/bot/coupon/{couponId}/close",
            "GET /v2/bot/coupon",
            "GET /v2/bot/coupon/{couponId}",
        ),
        (200, SECOND),
    ),
    "POST /v2/bot/chat/loading/start": (100, SECOND),
    "POST /v2/oauth/accessToken": (370, SECOND),
}
"""Every endpoint with a limit of its own."""

OTHERS: Final[tuple[str, ...]] = (
    "GET /v2/bot/message/{messageId}/content",
    "GET /v2/bot/message/{messageId}/content/preview",
    "GET /v2/bot/message/{messageId}/content/transcoding",
    "POST /v2/bot/message/reply",
    "POST /v2/bot/message/push",
    "GET /v2/bot/message/progress/narrowcast",
    "GET /v2/bot/message/quota",
    "GET /v2/bot/message/quota/consumption",
    "GET /v2/bot/message/delivery/reply",
    "GET /v2/bot/message/delivery/push",
    "GET /v2/bot/message/delivery/multicast",
    "GET /v2/bot/message/delivery/broadcast",
    "GET /v2/bot/message/delivery/pnp",
    "POST /v2/bot/message/validate/reply",
    "POST /v2/bot/message/validate/push",
    "POST /v2/bot/message/validate/multicast",
    "POST /v2/bot/message/validate/narrowcast",
    "POST /v2/bot/message/validate/broadcast",
    "GET /v2/bot/message/aggregation/info",
    "GET /v2/bot/message/aggregation/list",
    "POST /v2/bot/message/markAsRead",
    "GET /v2/bot/profile/{userId}",
    "GET /v2/bot/followers/ids",
    "GET /v2/bot/info",
    "GET /v2/bot/group/{groupId}/member/{userId}",
    "GET /v2/bot/room/{roomId}/member/{userId}",
    "GET /v2/bot/group/{groupId}/members/ids",
    "GET /v2/bot/room/{roomId}/members/ids",
    "POST /v2/bot/group/{groupId}/leave",
    "POST /v2/bot/room/{roomId}/leave",
    "GET /v2/bot/group/{groupId}/summary",
    "GET /v2/bot/group/{groupId}/members/count",
    "GET /v2/bot/room/{roomId}/members/count",
    "POST /v2/bot/richmenu/validate",
    "GET /v2/bot/richmenu/{richMenuId}/content",
    "POST /v2/bot/richmenu/{richMenuId}/content",
    "GET /v2/bot/richmenu/{richMenuId}",
    "POST /v2/bot/user/all/richmenu/{richMenuId}",
    "GET /v2/bot/user/all/richmenu",
    "DELETE /v2/bot/user/all/richmenu",
    "POST /v2/bot/richmenu/alias",
    "GET /v2/bot/richmenu/alias/{richMenuAliasId}",
    "POST /v2/bot/richmenu/alias/{richMenuAliasId}",
    "GET /v2/bot/richmenu/alias/list",
    "GET /v2/bot/user/{userId}/richmenu",
    "DELETE /v2/bot/user/{userId}/richmenu",
    "POST /v2/bot/user/{userId}/richmenu/{richMenuId}",
    "POST /v2/bot/richmenu/bulk/link",
    "POST /v2/bot/richmenu/bulk/unlink",
    "POST /v2/bot/richmenu/validate/batch",
    "POST /v2/bot/user/{userId}/linkToken",
    "POST /bot/pnp/push",
    "POST /v2/bot/chat/markAsRead",
    "POST /oauth2/v3/token",
    "GET /oauth2/v2.1/tokens/kid",
    "POST /oauth2/v2.1/token",
    "GET /oauth2/v2.1/verify",
    "POST /oauth2/v2.1/revoke",
    "POST /v2/oauth/verify",
    "POST /v2/oauth/revoke",
    "POST /v2/bot/channel/detach",
    "POST /v2/bot/chat/{chatId}/control/acquire",
    "POST /v2/bot/chat/{chatId}/control/release",
    "GET /v2/bot/list",
    "POST /shop/v3/mission",
)
"""Every other endpoint, under the limit for "other API endpoints"."""

UNLIMITED: Final[tuple[str, ...]] = (
    "POST /liff/v1/apps",
    "GET /liff/v1/apps",
    "PUT /liff/v1/apps/{liffId}",
    "DELETE /liff/v1/apps/{liffId}",
)
"""The LIFF server API: its reference states no limit."""

_ANY: Final = "{}"


@dataclass(slots=True)
class _Node:
    """One step of a path; `template` is set where a path may end."""

    steps: dict[str, _Node] = field(default_factory=dict)
    template: str | None = None


def _plant(endpoints: tuple[str, ...]) -> _Node:
    root = _Node()
    for endpoint in endpoints:
        method, _, template = endpoint.partition(" ")
        node = root
        for part in _parts(method, template):
            node = node.steps.setdefault(_ANY if part.startswith("{") else part, _Node())
        node.template = template
    return root


def _parts(method: str, path: str) -> list[str]:
    return [method.upper(), *path.partition("?")[0].removeprefix("/").split("/")]


def _find(node: _Node, parts: list[str], at: int) -> str | None:
    if at == len(parts):
        return node.template
    # A literal step goes before a parameter: /richmenu/list is no rich menu called "list".
    for key in (parts[at], _ANY):
        step = node.steps.get(key) if parts[at] else None
        if step is not None and (found := _find(step, parts, at + 1)) is not None:
            return found
    return None


_TREE: Final = _plant((*LIMITS, *OTHERS, *UNLIMITED))


def template_of(method: str, path: str) -> str | None:
    """The path template of an endpoint ("/v2/bot/richmenu/{richMenuId}"), or None where LINE has no such endpoint."""
    return _find(_TREE, _parts(method, path), 0)


@lru_cache(maxsize=1024)
def rate_for(method: str, path: str) -> Rate:
    """The limit of a request; `path` is a real path or its template, without the host.

    A path that LINE does not document counts under the general limit, in a bucket of its own.
    """
    template = template_of(method, path)
    bucket = f"{method.upper()} {template or path.partition('?')[0]}"
    count, seconds = LIMITS.get(bucket, DEFAULT)
    return Rate(count, seconds, bucket, documented=template is not None and bucket not in UNLIMITED)
