"""Sending and asking what became of it: https://developers.line.biz/en/reference/messaging-api/#messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from lineform.line.calls import Area
from lineform.line.exchange import JSON, Answer, Request
from lineform.lineapi.errors import INVALID_REPLY_TOKEN
from lineform.lineapi.routes import Route
from lineform.ports.line_account import Accepted, NarrowcastProgress, OutcomeUnknown, Phase, Refused, ReplyTooLate

_PHASES: Final = {"succeeded": Phase.SUCCEEDED, "failed": Phase.FAILED}
_ALREADY: Final = 409
_WELCOME: Final = frozenset({_ALREADY})


class MessageCalls(Area):
    """Checking and sending messages, and how far a narrowcast is."""

    async def validate_messages(self, route: Route, messages: Sequence[Mapping[str, Any]]) -> None:
        await self._calls.post(f"/v2/bot/message/validate/{route.value}", {"messages": list(messages)})

    async def send(
        self, route: Route, body: bytes, retry_key: UUID, wanted: Callable[[], bool] | None = None
    ) -> Accepted:
        """One request at most: none where it is not `wanted` when its turn comes. 409 is the success of an earlier one
        with this key.

        https://developers.line.biz/en/reference/messaging-api/#retry-api-request
        """
        request = Request(
            "POST", f"/v2/bot/message/{route.value}", body=body, content_type=JSON, retry_key=str(retry_key)
        )
        answer = await self._calls.once(request, welcome=_WELCOME, wanted=wanted)
        already = answer.status == _ALREADY
        if not answer.request_id or (already and not answer.accepted_request_id):
            raise _not_lines(request, answer)
        accepted = answer.accepted_request_id if already else answer.request_id
        return Accepted(answer.request_id, accepted, already)

    async def reply(self, body: bytes, token: str) -> Accepted:
        """Exactly one request; nothing makes a second one safe."""
        whole = b'{"replyToken":' + json.dumps(token).encode() + b"," + body[1:]
        request = Request("POST", "/v2/bot/message/reply", body=whole, content_type=JSON)
        try:
            answer = await self._calls.once(request)
        except Refused as refused:
            # LINE tells this refusal apart by its text alone.
            if INVALID_REPLY_TOKEN.casefold() in refused.message.casefold():
                raise ReplyTooLate(
                    "the reply token is used or too old",
                    status=refused.status,
                    request_id=refused.request_id,
                    details=refused.details,
                ) from None
            raise
        if not answer.request_id:
            raise _not_lines(request, answer)
        return Accepted(answer.request_id, answer.request_id)

    async def narrowcast_progress(self, request_id: str) -> NarrowcastProgress:
        """Phases other than the two final ones are still under way, those that LINE may add included."""
        progress = await self._calls.get_object("/v2/bot/message/progress/narrowcast", (("requestId", request_id),))
        return NarrowcastProgress(
            phase=_PHASES.get(progress.text("phase"), Phase.ONGOING),
            success=progress.optional_number("successCount"),
            failure=progress.optional_number("failureCount"),
            target=progress.optional_number("targetCount"),
            error_code=progress.optional_number("errorCode"),
            description=progress.optional_text("failedDescription"),
        )


def _not_lines(request: Request, answer: Answer) -> OutcomeUnknown:
    """LINE's answers always bear a request id, and a key's 409 the accepted one; a proxy's page does not."""
    return OutcomeUnknown(
        f"{request} was answered with {answer.status} but without LINE's request id",
        status=answer.status,
        request_id=answer.request_id,
        hint="Something between here and LINE may have answered: look at proxies and at LINEFORM_LINE_ORIGIN.",
    )
