"""Suites that hold the product against something outside it; one whose counterpart is absent is not collected.

Stores have no such counterpart: SQLite and a real PostgreSQL are always there.
"""

from __future__ import annotations

from support import line_openapi
from support.line_stages import checker, origin, stage
from support.postgres import postgres_server
from support.stores import fresh_url, postgres_url, store, store_url

__all__ = ["checker", "fresh_url", "origin", "postgres_server", "postgres_url", "stage", "store", "store_url"]

OPENAPI = line_openapi.folder()

collect_ignore = [] if OPENAPI else ["test_facts_against_openapi.py", "test_sandbox_against_openapi.py"]


def pytest_report_header() -> str:
    if OPENAPI is None:
        return "LINE's OpenAPI: not beside the checkout; set LINEFORM_OPENAPI to compare our facts with it"
    return "LINE's OpenAPI: found, our facts are compared with it"
