from __future__ import annotations

from support.postgres import postgres_server
from support.stores import postgres_url, store, store_url

__all__ = ["postgres_server", "postgres_url", "store", "store_url"]
