"""Every kind of store, real."""

from support.postgres import postgres_server
from support.stores import fresh_url, postgres_url, store, store_url

__all__ = ["fresh_url", "postgres_server", "postgres_url", "store", "store_url"]
