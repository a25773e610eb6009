"""A LINE Official Account over HTTP: the real one, or the offline one at another origin."""

from __future__ import annotations

from typing import Self

from lineform.line.audiences import AudienceCalls
from lineform.line.bot import BotCalls
from lineform.line.calls import Calls
from lineform.line.coupons import CouponCalls
from lineform.line.friends import FriendCalls
from lineform.line.menus import AliasCalls, MenuCalls, MenuLinkCalls
from lineform.line.messages import MessageCalls
from lineform.line.pacing import Pacer
from lineform.line.pinning import Pin
from lineform.line.transport import TIMEOUT, OnCall, OpenWire, Transport, best_wire
from lineform.ports.clock import Clock
from lineform.ports.pacing import SharedPace


class HttpLineAccount(
    BotCalls, FriendCalls, MenuCalls, AliasCalls, MenuLinkCalls, AudienceCalls, CouponCalls, MessageCalls
):
    """Implements `lineform.ports.line_account.LineAccount`. Close it, or use it with ``async with``."""

    async def close(self) -> None:
        await self._calls.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def open_account(
    origin: str | None,
    token: str,
    clock: Clock,
    *,
    patience: float = 60.0,
    timeout: float = TIMEOUT,
    proxy: str | None = None,
    on_call: OnCall | None = None,
    wire: OpenWire = best_wire,
    shared: SharedPace | None = None,
    pinned: str = "",
) -> HttpLineAccount:
    """The account that `token` belongs to; nothing is called yet.

    `origin` replaces both of LINE's hosts. `patience` is how many seconds a call may wait for LINE's rate limits;
    `timeout` how many it may take. `proxy` is the URL of an HTTP proxy on the way. `on_call` hears of every answered
    call. `wire` is the library that the bytes go through. `shared` is the pace of all who call for this
    account; without it, this one is alone. `pinned` is the id of the bot that the token has to be of: nothing else is
    asked of LINE before it said so. Only who means whatever account the token opens leaves it out.
    """
    pin = Pin(pinned) if pinned else None
    transport = Transport(origin, token, clock, timeout=timeout, proxy=proxy, on_call=on_call, wire=wire)
    return HttpLineAccount(Calls(transport, Pacer(clock, patience, shared), clock, pin))
