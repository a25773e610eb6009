"""Somebody taps a tracked link: the request goes to the server's own redirect, which keeps what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from lineform.ports.clock import Clock
from lineform.run.options import Records
from lineform.sending.links import PATH, LinkKeys
from lineform.serve.gathering import Gatherer
from lineform.serve.links import Links
from lineform.serve.metrics import Metrics

PHONE: Final = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Line/15.1"


async def led_to(records: Records, keys: Mapping[str, LinkKeys], clock: Clock, url: str) -> str:
    """Where a tap on this address leads; empty where it leads nowhere. What it tells waits in the inbox."""
    token = url.rpartition(PATH)[2]
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"{PATH}{token}",
        "path_params": {"token": token},
        "headers": [(b"user-agent", PHONE.encode())],
    }
    async with Gatherer(records, clock, pause=0, most=100) as gatherer:
        links = Links(keys, records, gatherer, clock, Metrics(clock), lambda client: None)
        answer = await links.endpoint(Request(scope))
        await links.flush()
    return answer.headers.get("location", "")
