"""Suites that hold the product against something outside it; one whose counterpart is absent is not collected."""

from __future__ import annotations

from support import line_openapi

OPENAPI = line_openapi.folder()

collect_ignore = [] if OPENAPI else ["test_facts_against_openapi.py"]


def pytest_report_header() -> str:
    if OPENAPI is None:
        return "LINE's OpenAPI: not beside the checkout; set LINEFORM_OPENAPI to compare our facts with it"
    return "LINE's OpenAPI: found, our facts are compared with it"
