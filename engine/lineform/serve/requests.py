"""What every endpoint does with a request first: its body within bounds of size and time; and how refusals look."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response


class Unread(Exception):
    """A body that was not read to its end, with the answer that says why."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


def refusal(status: int, words: str, **headers: str) -> Response:
    """A short answer. It never repeats anything of the request."""
    return PlainTextResponse(f"{words}\n", status, {"Cache-Control": "no-store", **headers})


async def body_of(request: Request, most: int, seconds: float) -> bytes:
    """The whole body. Raises `Unread` where it is larger than `most` bytes or takes longer than `seconds`.

    Of one that is too large as much again is read and dropped: where a connection ends while the other side still
    writes, it sees a broken pipe and not why (https://www.rfc-editor.org/rfc/rfc9112#section-9.6). What is larger
    still is cut off.
    """
    told = request.headers.get("content-length", "")
    if told and (not told.isdecimal() or int(told) > 2 * most):
        raise _too_large(most)
    body, read = bytearray(), 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                read += len(chunk)
                if read > 2 * most:
                    break
                if read <= most:
                    body += chunk
    except TimeoutError:
        raise Unread(refusal(408, "the body took too long", Connection="close")) from None
    except ClientDisconnect:
        raise Unread(refusal(400, "the body ended early", Connection="close")) from None
    if read > most:
        raise _too_large(most)
    return bytes(body)


def _too_large(most: int) -> Unread:
    return Unread(refusal(413, f"the body is larger than {most} bytes", Connection="close"))
