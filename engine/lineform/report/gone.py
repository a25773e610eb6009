"""Clients of whom something is armed, and of whom the workspace has no file any more: what that means, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from lineform.plural import plural
from lineform.report.markdown import escaped
from lineform.report.terminal import Painter, Style, printable

Gone = Mapping[str, int]
"""How much is armed of each of them."""
NONE: Final[Gone] = MappingProxyType({})


def gone_said(count: int) -> str:
    """What it means that a client's file is gone."""
    are = "is" if count == 1 else "are"
    return (
        f"this workspace has no file of it any more, and {plural(count, 'resource')} of it {are} still armed in the "
        "store: nothing is sent for it, and its menus stay on its account"
    )


def gone_hint(name: str) -> str:
    """How a client is ended, or brought back."""
    return (
        f"bring clients/{name}.yaml back; to end it, without anything under its uses, run `lineform apply --prune "
        f"--client {name}`, and then remove it. Where another workspace shares this store, it may be that one's"
    )


def gone_text(gone: Gone, paint: Painter) -> list[str]:
    """A block for each of them."""
    return [
        f"{paint(printable(name), Style.BOLD)}\n  {paint('no file', Style.BOLD, Style.YELLOW)}: {gone_said(count)}\n"
        f"       {paint('→', Style.GREEN)} {printable(gone_hint(name))}"
        for name, count in gone.items()
    ]


def gone_markdown(gone: Gone) -> str:
    """A warning that names them all; empty where there are none."""
    items = [f"> **{escaped(name)}**: {gone_said(count)} → {escaped(gone_hint(name))}" for name, count in gone.items()]
    return "\n>\n".join(["> [!WARNING]", *items]) if items else ""


def gone_data(gone: Gone) -> Sequence[Mapping[str, Any]]:
    """The same as JSON values."""
    return [{"client": name, "armed": count, "hint": gone_hint(name)} for name, count in gone.items()]
