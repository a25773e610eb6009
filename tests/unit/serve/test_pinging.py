"""A watcher outside hears of ticks when every client had one, and whatever it answers ends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from lineform.serve.pinging import Pinger

SECRET = "a-token-in-the-address"


def pinged(use: Callable[[str], Awaitable[None]], *, status: int = 200) -> int:
    """How often the watcher was called while this was done; it is given the address."""
    heard = 0

    async def hear(_: web.Request) -> web.Response:
        nonlocal heard
        heard += 1
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async def main() -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", hear)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            await use(f"http://127.0.0.1:{runner.addresses[0][1]}/{SECRET}")
        finally:
            await runner.cleanup()

    asyncio.run(main())
    return heard


def test_the_watcher_is_called_when_every_client_had_a_tick() -> None:
    async def use(url: str) -> None:
        pinger = Pinger(url, 2)
        for client in ("aoba", "aoba", "kita", "aoba"):
            await pinger.ticked(client)
        await pinger.close()

    assert pinged(use) == 1


@pytest.mark.parametrize("status", [302, 500])
def test_it_is_led_nowhere_else_and_what_it_refuses_is_told_without_its_address(
    status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    async def use(url: str) -> None:
        pinger = Pinger(url, 1)
        await pinger.ticked("aoba")
        await pinger.close()

    assert pinged(use, status=status) == 1
    told = "".join(capfd.readouterr())
    assert ("the ping was refused" in told) is (status == 500)
    assert SECRET not in told


def test_a_watcher_that_is_not_there_is_told_of_without_its_address(capfd: pytest.CaptureFixture[str]) -> None:
    async def use() -> None:
        pinger = Pinger(f"http://127.0.0.1:1/{SECRET}", 1)
        await pinger.ticked("aoba")
        await pinger.close()

    asyncio.run(use())
    told = "".join(capfd.readouterr())
    assert "the ping was not answered" in told
    assert SECRET not in told
