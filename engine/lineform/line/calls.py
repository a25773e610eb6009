"""Paced calls: what every area of LINE's API is written with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lineform.line.exchange import Answer, Host, JsonObject, Request, post
from lineform.line.failures import failure_of
from lineform.line.pacing import Pacer
from lineform.line.pinning import Pin
from lineform.line.transport import Transport
from lineform.planning.live import Bot
from lineform.ports.clock import Clock
from lineform.ports.line_account import LineFailure, NotWanted, OutcomeUnknown, RateLimited, TooManyToOne

PAUSES: Final = (0.5, 1.0, 2.0)
"""Seconds before a read is tried again."""


def pause_before_retry(failure: LineFailure, retries: int) -> float | None:
    """How long to wait before a read is repeated after so many retries, or None where it is not."""
    if retries >= len(PAUSES) or not isinstance(failure, OutcomeUnknown | RateLimited):
        return None
    if isinstance(failure, RateLimited) and not failure.status:
        return None  # our own patience, not LINE's
    return PAUSES[retries]


class Calls:
    """Only reads are ever repeated here: whether a write may be is for those who know what it writes. None is made
    that `pin` does not let pass."""

    def __init__(self, transport: Transport, pacer: Pacer, clock: Clock, pin: Pin | None = None) -> None:
        self._pin = pin
        self._transport = transport
        self._pacer = pacer
        self._clock = clock

    async def bot(self) -> Bot:
        """https://developers.line.biz/en/reference/messaging-api/#get-bot-info, before which nothing has to be known.
        Raises `WrongBot`."""
        bot = await self._ask_bot()
        return bot if self._pin is None else self._pin.right(bot)

    async def _ask_bot(self) -> Bot:
        info = JsonObject.read(*await self._read(Request("GET", "/v2/bot/info")))
        return Bot(
            user_id=info.text("userId"),
            basic_id=info.optional_text("basicId"),
            display_name=info.optional_text("displayName"),
        )

    async def get(
        self, path: str, query: tuple[tuple[str, str], ...] = (), *, host: Host = Host.API
    ) -> tuple[Request, Answer]:
        """A read, repeated a few times where LINE gave no answer, an error of its own, or 429."""
        if self._pin is not None:
            await self._pin.hold(self._ask_bot)
        return await self._read(Request("GET", path, query=query, host=host))

    async def _read(self, request: Request) -> tuple[Request, Answer]:
        retries = 0
        while True:
            try:
                return request, await self._once(request)
            except LineFailure as failure:
                pause = pause_before_retry(failure, retries)
                if pause is None:
                    raise
            retries += 1
            await self._clock.sleep(pause)

    async def get_object(self, path: str, query: tuple[tuple[str, str], ...] = ()) -> JsonObject:
        return JsonObject.read(*await self.get(path, query))

    async def post(self, path: str, value: object) -> Answer:
        """A JSON body, once."""
        return await self.once(post(path, value))

    async def delete(self, path: str) -> None:
        await self.once(Request("DELETE", path))

    async def once(
        self,
        request: Request,
        *,
        welcome: frozenset[int] = frozenset(),
        wanted: Callable[[], bool] | None = None,
    ) -> Answer:
        """One paced request. Answers of 2xx and of a `welcome` status are returned, all others raised; `NotWanted`
        where it is wanted no more when its turn comes."""
        if self._pin is not None:
            try:
                await self._pin.hold(self._ask_bot)
            except OutcomeUnknown as unknown:
                # Of this request the outcome is known: nothing of it was sent, and it may pass later.
                raise RateLimited(f"{request} waits, as the bot is not known: {unknown.message}") from unknown
        return await self._once(request, welcome, wanted)

    async def _once(
        self,
        request: Request,
        welcome: frozenset[int] = frozenset(),
        wanted: Callable[[], bool] | None = None,
    ) -> Answer:
        sent_at = await self._pacer.turn(request)
        if wanted is not None and not wanted():
            raise NotWanted(f"{request} was called off before it was sent")
        answer = await self._transport.exchange(request)
        if answer.ok or answer.status in welcome:
            return answer
        failure = failure_of(request, answer)
        if isinstance(failure, RateLimited) and not isinstance(failure, TooManyToOne):
            failure.retry_after = self._pacer.refused(request, sent_at)
        raise failure

    async def close(self) -> None:
        await self._pacer.close()
        await self._transport.close()


class Area:
    """The calls of one area of LINE's API."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
