"""A file about friends, read by its ending: ``.jsonl`` (or ``.ndjson``), ``.parquet``, and CSV for everything else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lineform.loading.friends_csv import read_csv
from lineform.loading.friends_jsonl import read_jsonl
from lineform.loading.friends_parquet import read_parquet
from lineform.loading.friends_rows import Numbered
from lineform.segments.declared import Declared


def read_friends(
    path: Path, declared: Declared, *, encoding: str = "utf-8", timezone: str = "Asia/Tokyo", start: int = 1
) -> Iterator[Numbered]:
    """The rows of a file from row `start` on; `encoding` is that of a CSV file. Raises `FriendsFileError` where it
    cannot be read, now or later."""
    match path.suffix.lower():
        case ".jsonl" | ".ndjson":
            return read_jsonl(path, declared, timezone=timezone, start=start)
        case ".parquet":
            return read_parquet(path, declared, timezone=timezone, start=start)
        case _:
            return read_csv(path, declared, encoding=encoding, timezone=timezone, start=start)
