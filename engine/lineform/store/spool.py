"""What a transaction is going to write, made before it begins: so that it holds the store no longer than writing takes.

SQLite has one writer, and a webhook has to be kept within two seconds: no send to millions is rendered meanwhile.
"""

from __future__ import annotations

import errno
import marshal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import Any

from lineform.store.bulk import Row
from lineform.store.database import pieces
from lineform.store.failures import StoreFull, StoreUnusable

IN_MEMORY = 4 << 20
"""Bytes that are kept in memory; more goes into a file, whose name is taken away at once, for its owner alone."""
_TOGETHER = 500
"""Rows in memory at once."""
_LENGTH = 8


class Spool:
    """Rows of plain values (texts, numbers, bytes), read once in the order in which they were written."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def keep(self, rows: Iterable[Row]) -> None:
        """Writes them down. Raises StoreFull where there is no room for them."""
        for piece in pieces(rows, _TOGETHER):
            packed = marshal.dumps(piece)
            with _told():
                self._file.write(len(packed).to_bytes(_LENGTH, "big"))
                self._file.write(packed)

    def __iter__(self) -> Iterator[list[Row]]:
        with _told():
            self._file.seek(0)
        while True:
            with _told():
                packed = self._file.read(int.from_bytes(self._file.read(_LENGTH), "big"))
            if not packed:
                return
            # Nobody else can have written this: the file has no name.
            piece: list[Row] = marshal.loads(packed)  # noqa: S302
            yield piece


@contextmanager
def spooled(rows: Iterable[Row], folder: str | None) -> Iterator[Spool]:
    """These rows, all of them made. `folder` is where a file may be; None for the system's own."""
    with SpooledTemporaryFile(max_size=IN_MEMORY, dir=folder) as file:
        spool = Spool(file)
        spool.keep(rows)
        yield spool


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreFull(
                "the disk has no room for a send that is prepared",
                hint="make room beside the store, or in the folder for temporary files, and run the same command again",
            ) from None
        raise StoreUnusable(
            f"a send cannot be prepared in a temporary file: {error.strerror}",
            hint="the store's folder, or that for temporary files, must be writable for whoever runs lineform",
        ) from None
