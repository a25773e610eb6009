"""How fast a workspace is read, validated and planned, beside octoDNS with as many records: `make bench NAME=plan`.

Both run in this process with everything imported, turn by turn. Ours does all that `lineform plan` does but the calls
to LINE and the store: read and check every file, build every client's resources, digest every campaign's revision,
compare with an account that is empty, say it all as text. octoDNS reads its zones and plans them against a provider
that has nothing live. Both start cold: compiled templates are forgotten before each repetition.

REPEAT (default 5) is the number of repetitions, CLIENTS (default "10,100") the sizes: so many clients and zones, of
100 resources and 100 records each.
"""

from __future__ import annotations

import gc
import io
import json
import logging
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from octodns import __version__ as octodns_version
from octodns.manager import Manager
from octodns.provider.base import BaseProvider

from lineform.loading.project import load_project
from lineform.planning.live import Bot, DefaultMenu, LiveAccount, Quota
from lineform.planning.options import PlanOptions
from lineform.planning.snapshot import Snapshot
from lineform.report.plans import plan_text
from lineform.templates.scalars import expression, scalar
from lineform.wiring.planned import plan_snapshot

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PER_CLIENT = 100
TEXTS, CARDS, MENUS, SEGMENTS = 35, 34, 10, 20
"""Files of each kind that every client shares; with one file of attributes they are a hundred resources."""


def main() -> None:
    repeat = int(os.environ.get("REPEAT", "5"))
    sizes = sorted(int(size) for size in os.environ.get("CLIENTS", "10,100").split(","))
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore", DeprecationWarning)
    ours: dict[int, list[float]] = {size: [] for size in sizes}
    theirs: dict[int, list[float]] = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for size in sizes:
            write_workspace(root / f"lineform-{size}", size)
            write_zones(root / f"octodns-{size}", size)
        for _ in range(repeat):
            for size in sizes:
                ours[size].append(seconds(plan_workspace, root / f"lineform-{size}", size))
                theirs[size].append(seconds(plan_zones, root / f"octodns-{size}", size))
        lines = layout(root / f"lineform-{sizes[0]}")
    report(sizes, ours, theirs, lines)


def seconds(work: Callable[[Path, int], None], root: Path, size: int) -> float:
    """How long `work` takes, with nobody else's garbage and no compiled template left from before."""
    scalar.cache_clear()
    expression.cache_clear()
    gc.unfreeze()
    gc.collect()
    start = time.perf_counter()
    work(root, size)
    return time.perf_counter() - start


def plan_workspace(root: Path, clients: int) -> None:
    """`lineform plan`, its calls to LINE and the store answered by an account and a ledger without anything in them."""
    project = load_project(root)
    accounts = {name: empty_account(client.spec.bot) for name, client in project.clients.items()}
    snapshot = Snapshot(NOW, accounts, {name: {} for name in accounts})
    planned = plan_snapshot(tuple(project.clients.values()), snapshot, PlanOptions())
    text = plan_text(planned.file, planned.live, planned.outlooks, colour=False)
    changes = sum(len(plan.changes) for plan in planned.file.clients)
    resources = sum(len(client.resources) for client in project.clients.values())
    assert planned.file.digest in text
    assert (resources, changes) == (clients * PER_CLIENT, clients * (TEXTS + CARDS + MENUS)), (resources, changes)


def empty_account(bot: str) -> LiveAccount:
    return LiveAccount(Bot(bot, "@bench", "bench"), Quota(200, 0), (), {}, DefaultMenu())


def plan_zones(root: Path, zones: int) -> None:
    """`octodns-sync` without --doit."""
    manager = Manager(str(root / "config.yaml"))
    NothingLive.planned = 0
    manager.sync(dry_run=True, plan_output_fh=io.StringIO())
    assert NothingLive.planned == zones * PER_CLIENT, NothingLive.planned


class NothingLive(BaseProvider):  # type: ignore[misc] # octoDNS has no types
    """octoDNS's target: a provider without any record, which counts what would be made."""

    SUPPORTS_GEO = False
    SUPPORTS_DYNAMIC = False
    SUPPORTS = {"A", "CNAME", "MX", "TXT"}
    planned = 0

    def __init__(self, id: str) -> None:  # noqa: A002 - octoDNS gives its own names
        self.log = logging.getLogger("NothingLive")
        super().__init__(id)

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        return False

    def plan(self, *args: Any, **options: Any) -> Any:
        plan = super().plan(*args, **options)
        NothingLive.planned += len(plan.changes)
        return plan


def write_workspace(root: Path, clients: int) -> None:
    """A hundred shared files, and for each client one file with its values and one override."""
    write(root / "lineform.yaml", {"kind": "project", "name": "bench", "defaults": {"values": {"until": "12月25日"}}})
    write(root / "segments/common.yaml", attributes())
    for index in range(SEGMENTS):
        write(root / f"segments/group-{index}.yaml", segment(index))
    for index in range(MENUS):
        write(root / f"richmenus/menu-{index}.yaml", menu(index))
    for index in range(TEXTS):
        write(root / f"campaigns/news-{index}.yaml", text_campaign(index))
    for index in range(CARDS):
        write(root / f"campaigns/card-{index}.yaml", card_campaign(index))
    for index in range(clients):
        write(root / f"clients/shop-{index}.yaml", client(index))


def write(path: Path, value: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=100), encoding="utf-8")


def attributes() -> dict[str, Any]:
    kinds = {"name": "text", "town": "text", "visits": "number", "spent": "number", "birthday": "date", "child": "bool"}
    return {
        "kind": "attributes",
        "name": "common",
        "attributes": {
            **{name: {"type": kind, "description": f"来店時に伺う{name}"} for name, kind in kinds.items()},
            "tier": {"type": "enum", "values": ["gold", "silver", "bronze"], "description": "会員ランク"},
        },
        "tags": {f"interest-{n}": {"description": f"関心{n}", "group": "interests"} for n in range(SEGMENTS)},
        "tag_groups": {"interests": {}},
    }


def segment(index: int) -> dict[str, Any]:
    where: list[dict[str, Any]] = [
        {"attribute": "tier", "in": ["gold", "silver"]},
        {"attribute": "visits", "at_least": index + 1},
        {"any": [{"tag": f"interest-{index}"}, {"attribute": "town", "is": f"青葉区{index}丁目"}]},
        {"any": [{"attribute": "spent", "between": [1000, 50_000]}, {"attribute": "child", "is": True}]},
        {"not": {"all": [{"tag": f"interest-{(index + 1) % SEGMENTS}"}, {"attribute": "visits", "below": 50}]}},
        {"attribute": "birthday", "known": True},
    ]
    if index:
        where.append({"not": {"segment": f"group-{index // 2}" if index > 1 else "group-0"}})
    return {"kind": "segment", "name": f"group-{index}", "description": f"区分{index}の方々", "where": {"all": where}}


def menu(index: int) -> dict[str, Any]:
    cells: list[dict[str, Any]] = [
        {"at": "A1", "span": [2, 1], "label": "ご予約", "icon": "calendar", "uri": "{{ values.site }}/booking"},
        {"at": "C1", "label": "次のメニュー", "icon": "bell", "switch": f"menu-{(index + 1) % MENUS}"},
        {"at": "A2", "label": "電話する", "icon": "phone", "uri": "tel:{{ values.phone }}"},
        {"at": "B2", "label": "地図", "icon": "map", "uri": "{{ values.site }}/access"},
        {"at": "C2", "label": "質問する", "icon": "chat", "message": f"質問があります（{index}）"},
    ]
    return {
        "kind": "richmenu",
        "name": f"menu-{index}",
        "description": f"{index}番目のメニュー",
        "bar": f"メニュー{index}",
        "size": "large",
        "default": index == 0,
        "cells": cells,
    }


def text_campaign(index: int) -> dict[str, Any]:
    greeting = "{{ friend.name | default('お客様') }}さま、いつも{{ client.title }}をありがとうございます。"
    offer = f"{{{{ values.until }}}}まで、企画{index}の商品がすべて{{{{ values.percent }}}}%OFFです。"
    return {
        "kind": "campaign",
        "name": f"news-{index}",
        "description": f"企画{index}のご案内",
        "audience": {
            "where": {"all": [{"segment": f"group-{index % SEGMENTS}"}, {"attribute": "name", "known": True}]},
            "exclude": [{"tag": f"interest-{index % SEGMENTS}"}, {"attribute": "tier", "is": "bronze"}],
            "expect": {"min": 1, "max": 20_000},
        },
        "schedule": {
            "at": f"2026-12-{index % 28 + 1:02}T10:00",
            "if_late": {"within": "2h", "otherwise": "hold"},
        },
        "messages": [
            {"text": f"{greeting}\n\n{offer}\n\nお問い合わせは{{{{ values.phone }}}}まで。"},
            {
                "text": f"企画{index}はいかがですか。",
                "quickReply": {
                    "items": [
                        {"type": "action", "action": {"type": "message", "label": label, "text": f"{label} {index}"}}
                        for label in ("くわしく見る", "今回は見送る")
                    ]
                },
            },
        ],
    }


def card_campaign(index: int) -> dict[str, Any]:
    rows = [
        ("期限", "{{ values.until }}まで"),
        ("対象", f"企画{index}の商品"),
        ("割引", "{{ values.percent }}%OFF"),
    ]
    body: list[dict[str, Any]] = [{"type": "text", "text": f"冬のご案内 {index}", "weight": "bold", "size": "xl"}]
    body += [{"type": "text", "text": f"{name}：{value}", "wrap": True, "size": "sm"} for name, value in rows]
    action = {"type": "uri", "label": "予約する", "uri": "{{ values.site }}/booking?from=card-" + str(index)}
    return {
        "kind": "campaign",
        "name": f"card-{index}",
        "description": f"企画{index}のカード",
        "audience": {"segment": f"group-{index % SEGMENTS}", "expect": {"min": 1, "max": 5000}},
        "schedule": {"cron": f"{index} 10 * * 1", "holidays": "skip"},
        "messages": [
            {
                "altText": f"{{{{ client.title }}}}の企画{index}",
                "flex": {
                    "type": "bubble",
                    "body": {"type": "box", "layout": "vertical", "spacing": "md", "contents": body},
                    "footer": {
                        "type": "box",
                        "layout": "vertical",
                        "contents": [{"type": "button", "style": "primary", "action": action}],
                    },
                },
            }
        ],
    }


def client(index: int) -> dict[str, Any]:
    return {
        "kind": "client",
        "name": f"shop-{index}",
        "title": f"青葉{index}号店",
        "bot": f"U{index:032x}",
        "token": {"env": f"SHOP_{index}_LINE_TOKEN"},
        "uses": {"campaigns": ["*"], "richmenus": ["*"]},
        "values": {
            "percent": 5 + index % 40,
            "phone": f"03-0000-{index:04}",
            "site": f"https://shop-{index}.example",
        },
        "overrides": {"campaign.news-0": {"schedule": {"at": f"2026-12-{index % 28 + 1:02}T11:00"}}},
    }


def write_zones(root: Path, zones: int) -> None:
    """Of a zone's records, half are addresses; the rest are aliases, mail servers and texts."""
    names = [f"zone-{index}.example." for index in range(zones)]
    providers = {
        "files": {
            "class": "octodns.provider.yaml.YamlProvider",
            "directory": str(root / "zones"),
            "escaped_semicolons": False,
        },
        "live": {"class": f"{__name__}.NothingLive"},
    }
    routes = {name: {"sources": ["files"], "targets": ["live"]} for name in names}
    write(root / "config.yaml", {"providers": providers, "zones": routes})
    for name in names:
        records = {f"host-{index:02}": record(name, index) for index in range(PER_CLIENT)}
        write(root / "zones" / f"{name}yaml", records)


def record(zone: str, index: int) -> dict[str, Any]:
    match index % 10:
        case 0 | 1 | 2 | 3 | 4:
            return {"ttl": 300, "type": "A", "values": [f"192.0.2.{index}", f"198.51.100.{index}"]}
        case 5 | 6:
            return {"ttl": 600, "type": "CNAME", "value": f"host-00.{zone}"}
        case 7 | 8:
            return {"ttl": 3600, "type": "TXT", "values": [f"v=spf1 ip4:192.0.2.{index} -all", f"note {index}"]}
        case _:
            return {
                "ttl": 3600,
                "type": "MX",
                "values": [{"exchange": f"mx{n}.{zone}", "preference": 10 * n} for n in (1, 2)],
            }


def layout(root: Path) -> list[str]:
    """What the shared files hold, in words."""
    found = []
    for folder in ("campaigns", "richmenus", "segments"):
        sizes = [len(path.read_text(encoding="utf-8").splitlines()) for path in sorted((root / folder).iterdir())]
        found.append(f"{len(sizes)} in {folder}/ of {statistics.mean(sizes):.0f} lines")
    return found


def report(sizes: list[int], ours: dict[int, list[float]], theirs: dict[int, list[float]], lines: list[str]) -> None:
    small, big = sizes[0], sizes[-1]
    mine = {size: statistics.median(found) for size, found in ours.items()}
    octo = {size: statistics.median(found) for size, found in theirs.items()}
    print(
        f"Python {sys.version.split()[0]}, octoDNS {octodns_version}; median of {len(ours[small])} runs, warm imports"
    )
    print(f"lineform: {PER_CLIENT} shared files ({', '.join(lines)}), and a file of values for each client")
    print(f"octoDNS:  a file of {PER_CLIENT} records for each zone (50 A, 20 CNAME, 20 TXT, 10 MX)")
    print()
    print(f"{'clients / zones':>16} {'resources':>10} {'lineform s':>11} {'octoDNS s':>10} {'ratio':>6} {'µs each':>8}")
    for size in sizes:
        count = size * PER_CLIENT
        ratio, each = octo[size] / mine[size], mine[size] / count * 1e6
        print(f"{size:>16} {count:>10} {mine[size]:>11.3f} {octo[size]:>10.3f} {ratio:>6.1f} {each:>8.0f}")
    print(f"\n{big // small} times the resources take {mine[big] / mine[small]:.1f} times as long")
    figures: dict[str, float] = {"octodns_ratio": octo[big] / mine[big], "growth": mine[big] / mine[small]}
    for size in sizes:
        figures[f"seconds_{size * PER_CLIENT}"] = mine[size]
        figures[f"octodns_seconds_{size * PER_CLIENT}"] = octo[size]
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
