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
    """The whole body. Raises `Unread` where it is larger than `most` bytes or takes longer than `seconds`."""
    told = request.headers.get("content-length", "")
    if told and (not told.isdecimal() or int(told) > most):
        raise _too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise _too_large(most)
    except TimeoutError:
        raise Unread(refusal(408, "the body took too long", Connection="close")) from None
    except ClientDisconnect:
        raise Unread(refusal(400, "the body ended early", Connection="close")) from None
    return bytes(body)


def _too_large(most: int) -> Unread:
    # What is still to come is not read: the connection ends with this answer.
    return Unread(refusal(413, f"the body is larger than {most} bytes", Connection="close"))
