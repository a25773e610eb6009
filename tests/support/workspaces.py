"""Small workspaces on disk, and their problems as short lines."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from lineform.loading import read_project
from lineform.model.problem import Problem

PROJECT = "kind: project\nname: shop\n"
ATTRIBUTES = """\
kind: attributes
name: basics
attributes:
  name: {type: text}
  tier: {type: enum, values: [gold, silver]}
tags:
  regular: {}
"""
CLIENT = """\
kind: client
name: aoba
title: 青葉サロン
bot: U0123456789abcdef0123456789abcdef
token: {env: AOBA_TOKEN}
uses: {campaigns: ["*"], richmenus: ["*"]}
values: {offer: {percent: 30, until: "12/25"}}
"""
CAMPAIGN = """\
kind: campaign
name: sale
audience: everyone
schedule: {at: "2026-12-01T10:00"}
messages:
  - text: こんにちは
"""
SMALL = {
    "lineform.yaml": PROJECT,
    "segments/basics.yaml": ATTRIBUTES,
    "clients/aoba.yaml": CLIENT,
    "campaigns/sale.yaml": CAMPAIGN,
}
"""A valid workspace with one client and one campaign."""


def another(name: str) -> str:
    """The same client under another name, with a LINE account of its own."""
    bot = f"U{sha256(name.encode()).hexdigest()[:32]}"
    own = CLIENT.replace("AOBA_TOKEN", f"{name.upper()}_TOKEN").replace("U0123456789abcdef0123456789abcdef", bot)
    return own.replace("aoba", name)


def write(root: Path, *layers: Mapping[str, str | bytes | None]) -> Path:
    """Writes files; later layers replace earlier ones, and None leaves a file out."""
    files: dict[str, str | bytes | None] = {}
    for layer in layers:
        files |= layer
    for name, content in files.items():
        if content is None:
            continue
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else textwrap.dedent(content).encode())
    return root


def problems(root: Path) -> list[Problem]:
    """Everything that is wrong with a workspace."""
    return list(read_project(root).problems)


def short(found: list[Problem]) -> list[str]:
    """Problems as ``E101 campaigns/sale.yaml:3:1``."""
    return [f"{problem.code} {problem.origin}" for problem in found]


def only(root: Path) -> Problem:
    """The one problem of a workspace."""
    found = problems(root)
    assert len(found) == 1, [(p.code, str(p.origin), p.message) for p in found]
    return found[0]
