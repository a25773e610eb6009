"""A client with friends in a store and one campaign that is due: what the benchmarks of sending send."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from standin import BOT

from lineform.line.account import HttpLineAccount, open_account
from lineform.line.calls import Calls
from lineform.line.exchange import Request
from lineform.line.pacing import Pacer
from lineform.line.transport import Transport
from lineform.model.address import Address, Kind
from lineform.model.campaign import CampaignSpec
from lineform.model.client import ClientSpec, Limits
from lineform.model.origin import Origin
from lineform.model.origin import Path as KeyPath
from lineform.model.project import Client, Layer, Resource
from lineform.ports.friends import FriendRow
from lineform.ports.ledger import Revision
from lineform.ports.store import Store
from lineform.run.options import TickOptions
from lineform.run.outcome import Outcome
from lineform.run.tick import tick
from lineform.sending.revision import revision
from lineform.wiring.clock import SystemClock

TOKEN = "benchmark-token-of-a-usual-length-" + "t" * 138
_CITIES = ("青山", "代官山", "自由が丘", "吉祥寺", "横浜元町", "鎌倉", "大宮")


def values(number: int) -> dict[str, str]:
    """The five variables of one friend."""
    return {
        "name": f"山田 花子{number}",
        "points": f"{number * 37 % 100_000:,}",
        "shop": f"サロン葵 {_CITIES[number % len(_CITIES)]}店",
        "until": f"12月{number % 28 + 1}日",
        "coupon": f"AOBA-{number:08d}",
    }


def _row(label: str, text: str) -> dict[str, Any]:
    label_box = {"type": "text", "text": label, "color": "#8c8c8c", "size": "sm", "flex": 2, "wrap": True}
    return {
        "type": "box",
        "layout": "baseline",
        "spacing": "sm",
        "contents": [
            label_box,
            {"type": "text", "text": text, "wrap": True, "color": "#333333", "size": "sm", "flex": 5},
        ],
    }


def message(value: dict[str, str]) -> dict[str, Any]:
    """A usual Flex message of about 2.6 kB: a picture, a greeting, some rows, two buttons."""
    rows = [
        _row("店舗", value["shop"]),
        _row("保有ポイント", f"{value['points']} ポイント"),
        _row("有効期限", value["until"]),
        _row("クーポン", value["coupon"]),
        _row("営業時間", "10:00〜20:00（最終受付 19:00）火曜定休"),
        _row("ご注意", "ほかの割引との併用はできません。ご来店の際にこの画面をスタッフへお見せください。"),
    ]
    hero = {
        "type": "image",
        "url": "https://static.example.com/campaigns/2026/winter/hero-1040x676.jpg",
        "size": "full",
        "aspectRatio": "20:13",
        "aspectMode": "cover",
        "action": {
            "type": "uri",
            "label": "詳しく",
            "uri": "https://example.com/winter?utm_source=line&utm_medium=push",
        },
    }
    title = {"type": "text", "text": f"{value['name']}さま", "weight": "bold", "size": "xl", "wrap": True}
    lead = {
        "type": "text",
        "text": "いつもご来店ありがとうございます。冬の感謝祭のご案内をお届けします。",
        "size": "sm",
        "wrap": True,
        "margin": "md",
    }
    rows_box = {"type": "box", "layout": "vertical", "margin": "lg", "spacing": "sm", "contents": rows}
    book = {"type": "uri", "label": "予約する", "uri": "https://example.com/reserve?from=line"}
    call = {"type": "uri", "label": "電話する", "uri": "tel:0312345678"}
    buttons = [
        {"type": "button", "style": "primary", "height": "sm", "color": "#06c755", "action": book},
        {"type": "button", "style": "secondary", "height": "sm", "action": call},
    ]
    bubble = {
        "type": "bubble",
        "hero": hero,
        "body": {"type": "box", "layout": "vertical", "contents": [title, lead, rows_box]},
        "footer": {"type": "box", "layout": "vertical", "spacing": "sm", "contents": buttons, "flex": 0},
    }
    return {"type": "flex", "altText": f"{value['name']}さまへ冬のご案内", "contents": bubble}


def user_id(number: int) -> str:
    return f"U{number:032x}"


class _Nowhere:
    def origin(self, path: KeyPath) -> Origin:
        return Origin("benchmark.yaml")

    key_origin = origin

    def excerpt(self, origin: Origin) -> str:
        return ""

    def layers(self, path: KeyPath) -> tuple[Layer, ...]:
        return ()


def _client() -> Client:
    fields = {"kind": "client", "name": "salon", "title": "salon", "bot": BOT, "token": {"env": "BENCH_TOKEN"}}
    return Client("salon", ClientSpec.model_validate(fields), _Nowhere(), "UTC", Limits(), None, {}, {})


CLIENT = _client()


_CAMPAIGNS = itertools.count(1)


def prepare(store: Store, friends: int, messages: list[dict[str, Any]], **campaign: Any) -> None:
    """A store with friends and one campaign that is due now. Each is another one: its retry keys are new to LINE."""
    name = f"sale-{next(_CAMPAIGNS)}"
    now = datetime.now(UTC)
    store.migrate()

    def rows() -> Iterator[FriendRow]:
        for number in range(friends):
            value = values(number)
            yield FriendRow(user_id(number), value["name"], attributes=value)

    store.import_friends(CLIENT.name, rows(), now)
    due = now.replace(microsecond=0, tzinfo=None).isoformat()
    fields = {"kind": "campaign", "name": name, "schedule": {"at": due}, "messages": messages, **campaign}
    address = Address(Kind.CAMPAIGN, name)
    resource = Resource(CLIENT.name, address, CampaignSpec.model_validate(fields), _Nowhere(), {}, "", {})
    found = revision(CLIENT, resource)
    store.arm(CLIENT.name, Revision(str(address), found.digest, now - timedelta(hours=1), found.body))


class _Unpaced(Pacer):
    """Lets every request go at once."""

    async def turn(self, request: Request) -> float:
        return 0.0


@dataclass(frozen=True)
class Sent:
    """One send: everything from the question what is due to the last outcome in the ledger."""

    friends: int
    seconds: float
    core_seconds: float
    calling_seconds: float
    calling_core_seconds: float

    @property
    def per_second(self) -> float:
        return self.friends / self.seconds

    @property
    def calls_per_second(self) -> float:
        """Friends a second from the first claim on, after the freeze."""
        return self.friends / self.calling_seconds


class _Watched:
    """The store; knows when the first batch was claimed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.began: tuple[float, float] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def claim(self, *args: Any, **kwargs: Any) -> Any:
        self.began = self.began or (time.perf_counter(), time.process_time())
        return self._store.claim(*args, **kwargs)


def send(origin: str, store: Store, friends: int, *, paced: bool) -> Sent:
    """One tick, which must reach every friend."""
    clock = SystemClock()
    watched = _Watched(store)

    async def main() -> None:
        account = (
            open_account(origin, TOKEN, clock)
            if paced
            else HttpLineAccount(Calls(Transport(origin, TOKEN, clock), _Unpaced(clock, 60.0), clock))
        )
        async with account:
            (entry,) = (await tick(CLIENT, account, watched, clock, TickOptions())).entries
        assert (entry.outcome, entry.accepted) == (Outcome.SENT, friends), entry

    start, core = time.perf_counter(), time.process_time()
    asyncio.run(main())
    end, core_end = time.perf_counter(), time.process_time()
    assert watched.began is not None
    return Sent(friends, end - start, core_end - core, end - watched.began[0], core_end - watched.began[1])
