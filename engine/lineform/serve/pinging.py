"""Tells a watcher outside that ticks happen: a dead man's switch that goes off when nothing comes any more."""

from __future__ import annotations

import aiohttp

from lineform.serve.logs import warn

_PATIENCE = aiohttp.ClientTimeout(total=10)


class Pinger:
    """Calls one address when every client has had a tick since the last call."""

    def __init__(self, url: str, clients: int) -> None:
        self._url = url
        self._clients = clients
        self._ticked: set[str] = set()
        self._session: aiohttp.ClientSession | None = None

    async def ticked(self, client: str) -> None:
        """A tick of this client ended well. What the watcher answers changes nothing."""
        self._ticked.add(client)
        if len(self._ticked) < self._clients:
            return
        self._ticked.clear()
        try:
            if self._session is None:
                self._session = aiohttp.ClientSession(timeout=_PATIENCE, cookie_jar=aiohttp.DummyCookieJar())
            async with self._session.get(self._url, allow_redirects=False) as answer:
                if answer.status >= 400:
                    warn("the ping was refused", status=answer.status)
        except (aiohttp.ClientError, OSError) as error:
            # The address may hold a token: it is not told.
            warn("the ping was not answered", reason=type(error).__name__)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
