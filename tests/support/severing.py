"""A way to the database server that can be cut: a socket in front of its own, in the loop of the test."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import URL, make_url


class Wire:
    """Use it with ``async with``; `url` leads through it."""

    def __init__(self, url: str) -> None:
        self._whole = make_url(url)
        host = self._whole.query["host"]
        assert isinstance(host, str)
        # A socket's path may not be long.
        self._folder = tempfile.TemporaryDirectory(prefix="wire-")
        self._name = ".s.PGSQL.5432"
        self._server = Path(host) / self._name
        self._listening: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> URL:
        return self._whole.update_query_dict({"host": self._folder.name})

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()
        self._folder.cleanup()

    async def mend(self) -> None:
        """The server answers again."""
        self._listening = await asyncio.start_unix_server(self._connect, Path(self._folder.name) / self._name)

    async def cut(self) -> None:
        """Every connection breaks, and no other is taken."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
            (Path(self._folder.name) / self._name).unlink(missing_ok=True)
        for end in self._ends:
            end.transport.abort()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(self._server)
        self._ends |= {writer, back}
        pumps = {asyncio.create_task(_pump(reader, back)), asyncio.create_task(_pump(there, writer))}
        self._pumps |= pumps
        await asyncio.wait(pumps)
        self._pumps -= pumps
        self._ends -= {writer, back}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while some := await reader.read(65_536):
            writer.write(some)
            await writer.drain()
    writer.transport.abort()
