"""An agency's workspace: three clients that share a campaign, a segment and a menu, each with files of its own."""

from __future__ import annotations

from pathlib import Path

from support.workspaces import ATTRIBUTES, PROJECT, write

NAMES = ("alpha", "beta", "gamma")
BEFORE = "2026-11-30T09:00"
"""A morning before everything that this workspace sends."""
DUE = "2026-12-01T10:01"
CAMPAIGN = """\
kind: campaign
name: {name}
audience: everyone
schedule: {{at: "2026-12-01T10:00"}}
messages:
  - text: こんにちは、{name}
"""
TEST = """\
kind: test
name: {name}
campaign: {name}
now: "2026-12-01T10:00"
friends:
  - {{name: anybody, receives: anything}}
"""
MENU = """\
kind: richmenu
name: main
bar: "メニュー"
default: true
cells:
  - {at: A1, span: [3, 2], message: "予約", label: "予約"}
"""


def client_file(name: str) -> str:
    """A client that uses everything; each has a bot of its own."""
    number = NAMES.index(name) + 1
    return (
        f"kind: client\nname: {name}\ntitle: {name}\nbot: U{number:032x}\ntoken: {{env: {name.upper()}_TOKEN}}\n"
        'uses: {campaigns: ["*"], richmenus: ["*"]}\n'
    )


def agency(root: Path) -> Path:
    """Writes the workspace: a shared campaign and menu, and for each client a campaign with its test."""
    files: dict[str, str | bytes | None] = {
        "lineform.yaml": PROJECT,
        "segments/basics.yaml": ATTRIBUTES,
        "campaigns/sale.yaml": CAMPAIGN.format(name="sale"),
        "richmenus/main.yaml": MENU,
    }
    for name in NAMES:
        files[f"clients/{name}.yaml"] = client_file(name)
        files[f"clients/{name}/campaigns/own.yaml"] = CAMPAIGN.format(name="own")
        files[f"clients/{name}/tests/own.yaml"] = TEST.format(name="own")
    return write(root, files)
