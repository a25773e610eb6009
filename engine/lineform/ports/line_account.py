"""One LINE Official Account, real or offline, as the engine needs it: its state, its sends, and its ways to fail.

Facts: https://developers.line.biz/en/reference/messaging-api/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from lineform.errors import CredentialError, LineformError
from lineform.lineapi.routes import Route
from lineform.planning.live import Bot, DefaultMenu, Quota
from lineform.planning.live_audiences import AudienceJob, LiveAudience


class LineFailure(LineformError):
    """LINE did not do what was asked. `status` is the HTTP status, 0 where there was no answer."""

    exit_code = 9

    def __init__(
        self, message: str, *, status: int = 0, request_id: str = "", details: str = "", hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.request_id = request_id
        self.details = details


class Refused(LineFailure):
    """400, 403, 404, 410, 413, 415: the same request will be refused again. Nothing was done."""


class NotFound(Refused):
    """404: the object is not there."""


class ReplyTooLate(Refused):
    """400: the reply token is used, too old, or none of this account's. Nothing was sent by this call."""


class Unauthorised(LineFailure):
    """401: the token is wrong or expired."""

    exit_code = 8


class WrongBot(Unauthorised, CredentialError):
    """The token is another bot's than the one that the client is pinned to. Nothing was done, and nothing but the bot
    was asked for."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = "G101"


class RateLimited(LineFailure):
    """429, the rate kind: nothing was done; after `retry_after` seconds the same request may pass."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        request_id: str = "",
        details: str = "",
        hint: str = "",
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(message, status=status, request_id=request_id, details=details, hint=hint)
        self.retry_after = retry_after


class TooManyToOne(RateLimited):
    """429, the kind about one friend or one object: nothing was done, and the same request passes later; others pass
    now, so that it says nothing about the pace."""


class NotWanted(LineFailure):
    """Whoever asked for the call wanted it no more when its turn came: nothing was sent."""


class QuotaExceeded(LineFailure):
    """429, the monthly kind: nothing was sent; the month's quota is used up or reserved."""


class OutcomeUnknown(LineFailure):
    """No answer, a cut connection or a 5xx: LINE may have done it. Only a retry key makes asking again safe."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """LINE took the send. `already` tells that an earlier request with the same retry key was the one accepted."""

    request_id: str
    accepted_request_id: str
    already: bool = False


class Phase(StrEnum):
    """Where an asynchronous operation of LINE stands."""

    ONGOING = "ongoing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NarrowcastProgress:
    """How far LINE is with a narrowcast, in people."""

    phase: Phase
    success: int = 0
    failure: int = 0
    target: int = 0
    error_code: int = 0
    description: str = ""


@dataclass(frozen=True, slots=True)
class ListedCoupon:
    """All that LINE's list tells of a coupon."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What LINE tells of a friend."""

    user_id: str
    display_name: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class FollowerPage:
    """Some of the friends; `next` asks for those behind them, empty at the end."""

    user_ids: tuple[str, ...]
    next: str = ""


class LineAccount(Protocol):
    """Every call raises a `LineFailure`. Methods pace themselves by LINE's limits; waits longer than the account's
    patience raise `RateLimited` instead of sleeping for an hour.

    A client's account is that of its pinned bot: until LINE has said that the token is, no other call is made, and each
    raises `WrongBot` where it is not."""

    async def bot(self) -> Bot:
        """Who the account is, as LINE says now. Who writes something down before it is sent asks before that."""
        ...

    async def quota(self) -> Quota: ...

    async def menus(self) -> Sequence[Mapping[str, Any]]:
        """Every rich menu made by the API, as LINE's own objects with their `richMenuId`, unknown fields included."""
        ...

    async def aliases(self) -> Mapping[str, str]:
        """Alias id to menu id."""
        ...

    async def default_menu(self) -> DefaultMenu: ...

    async def validate_menu(self, menu: Mapping[str, Any]) -> None:
        """Asks LINE whether it would accept this menu; raises `Refused` with LINE's details."""
        ...

    async def create_menu(self, menu: Mapping[str, Any]) -> str: ...

    async def delete_menu(self, menu_id: str) -> None: ...

    async def menu_image(self, menu_id: str) -> bytes | None:
        """The image's bytes, or None where the menu has none yet."""
        ...

    async def upload_menu_image(self, menu_id: str, image: bytes, content_type: str) -> None: ...

    async def create_alias(self, alias: str, menu_id: str) -> None: ...

    async def update_alias(self, alias: str, menu_id: str) -> None: ...

    async def delete_alias(self, alias: str) -> None: ...

    async def set_default_menu(self, menu_id: str) -> None: ...

    async def clear_default_menu(self) -> None: ...

    async def move_linked_users(self, moves: Mapping[str, str], resume_key: str) -> str:
        """Starts one batch that links the users of each menu (key) to another (value), or to none of their own where it
        is empty; the request id for its progress.

        Three an hour (https://developers.line.biz/en/reference/messaging-api/#batch-control-rich-menus-of-users).
        """
        ...

    async def move_progress(self, request_id: str) -> Phase: ...

    async def user_menu(self, user_id: str) -> str:
        """The id of the menu linked to this friend; empty where there is none."""
        ...

    async def link_menu(self, menu_id: str, user_ids: Sequence[str]) -> None:
        """Shows this menu to these friends, at most 500 a call, whatever they see now; repeating it does no harm.

        To one friend at once; of several, LINE takes the order and follows it within seconds
        (https://developers.line.biz/en/reference/messaging-api/#link-rich-menu-to-users). Whoever is no friend, or
        blocks the account, is passed over in silence. `NotFound` where there is no such menu.
        """
        ...

    async def unlink_menus(self, user_ids: Sequence[str]) -> None:
        """Takes these friends' own menus away, likewise: they see the default menu, where there is one."""
        ...

    async def audiences(self) -> Sequence[LiveAudience]:
        """Every audience that a send of this account may name, those made elsewhere included."""
        ...

    async def audience_jobs(self, audience_id: int) -> Sequence[AudienceJob]:
        """The latest uploads to it, 50 at most; `NotFound` where there is no such audience."""
        ...

    async def create_audience(self, description: str, upload_description: str, user_ids: Sequence[str]) -> int:
        """An audience of these friends, at most 10,000 a call; its id. One without ids is never ready.

        A second one with the same description is none of LINE's concern: after `OutcomeUnknown`, look for it first.
        """
        ...

    async def add_to_audience(self, audience_id: int, upload_description: str, user_ids: Sequence[str]) -> None:
        """Adds these friends, at most 10,000 a call; nobody can be taken out again. `NotFound` where it is gone.

        After `OutcomeUnknown`, its jobs tell by their descriptions whether LINE has taken it.
        """
        ...

    async def create_click_audience(self, description: str, request_id: str, url: str = "") -> int:
        """Who tapped a link (or `url` alone) of a broadcast or narrowcast of the last 60 days; its id.

        A request makes one such audience, so asking again is `Refused`.
        """
        ...

    async def create_impression_audience(self, description: str, request_id: str) -> int:
        """Who saw a broadcast or narrowcast of the last 60 days; its id. A request makes one such audience."""
        ...

    async def rename_audience(self, audience_id: int, description: str) -> None: ...

    async def delete_audience(self, audience_id: int) -> None: ...

    async def coupons(self) -> Sequence[ListedCoupon]:
        """Every coupon that is not closed, those that the console made included."""
        ...

    async def coupon(self, coupon_id: str) -> Mapping[str, Any]:
        """LINE's own object, with its `status`; `NotFound` where this channel made none of this id."""
        ...

    async def create_coupon(self, coupon: Mapping[str, Any]) -> str:
        """A coupon, for good: LINE changes none and deletes none; its id.

        A second one with the same content is none of LINE's concern: after `OutcomeUnknown`, look for it first.
        """
        ...

    async def close_coupon(self, coupon_id: str) -> None:
        """Ends it for everybody who has it. `Refused` with status 410 where it is closed already."""
        ...

    async def validate_messages(self, route: Route, messages: Sequence[Mapping[str, Any]]) -> None: ...

    async def send(
        self, route: Route, body: bytes, retry_key: UUID, wanted: Callable[[], bool] | None = None
    ) -> Accepted:
        """Sends ready JSON bytes. `OutcomeUnknown` means that only the same key and body may be tried again.

        `wanted` is asked when the pace allows the call, which may be long after this began; where it says no, nothing
        is sent, and `NotWanted` is raised."""
        ...

    async def reply(self, body: bytes, token: str) -> Accepted:
        """Answers what a friend did, which is free: ready JSON bytes without ``replyToken``, one call a token.

        There is no retry key (https://developers.line.biz/en/reference/messaging-api/#send-reply-message): after
        `OutcomeUnknown` nobody learns whether the friend was answered. `ReplyTooLate` where the token is dead.
        """
        ...

    async def narrowcast_progress(self, request_id: str) -> NarrowcastProgress: ...

    async def followers(self, start: str = "", limit: int = 1000) -> FollowerPage:
        """One page of friends; `Refused` with status 403 on an unverified account."""
        ...

    async def profile(self, user_id: str) -> Profile | None:
        """None where LINE does not tell: not a friend, blocked, or no consent."""
        ...

    async def link_token(self, user_id: str) -> str:
        """A token with which this person links their LINE to a member of the business, once and within ten minutes
        (https://developers.line.biz/en/docs/messaging-api/linking-accounts/); `NotFound` where LINE knows nobody."""
        ...

    async def identify(self, channel_id: str, id_token: str) -> str:
        """The user id of the person for whom LINE Login's channel made this ID token; `Refused` where it did not
        (https://developers.line.biz/en/reference/line-login/#verify-id-token)."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One answered call, as LINE's guidelines ask to keep it: never the token, never a body.

    https://developers.line.biz/en/docs/messaging-api/development-guidelines/
    """

    at: datetime
    method: str
    path: str
    status: int
    request_id: str
