"""``lineform init``: a small workspace that is valid from its first minute."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from string import Template
from zoneinfo import ZoneInfo

import click

from lineform.cli import options
from lineform.errors import BlockedError, UsageError
from lineform.lineapi.limits import USER_ID_PATTERN
from lineform.loading.jsonschemas import combined_schema
from lineform.loading.project import load_project
from lineform.loading.workspace import PROJECT_FILE
from lineform.model.address import NAME
from lineform.wiring.clock import SystemClock

STARTER = Path(__file__).parent / "starter"
FILES = {
    PROJECT_FILE: "lineform.yaml",
    "clients/{client}.yaml": "client.yaml",
    "segments/common.yaml": "attributes.yaml",
    "segments/regulars.yaml": "segment.yaml",
    "campaigns/thank-you.yaml": "campaign.yaml",
    "richmenus/main.yaml": "richmenu.yaml",
    "clients/{client}/tests/thank-you.yaml": "test.yaml",
}
"""Where each file of the starter goes."""
IGNORED = ".lineform/"
AHEAD = timedelta(days=30)
"""How far in the future the first campaign lies: far enough that nothing is sent by trying things out."""
NO_BOT = "U" + "0" * 32


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--client", default="my-shop", show_default=True, metavar="NAME", help="The first client.")
@click.option("--title", default="わたしのお店", show_default=True, help="The name that its friends read.")
@click.option("--bot", default=NO_BOT, metavar="ID", help="The bot's user id. Without it, write it in later.")
@options.now
def command(folder: Path, client: str, title: str, bot: str, now: datetime | None) -> None:
    """Start a workspace in DIR: one client, what is known of friends, a segment, a campaign with its test, a menu."""
    if not NAME.fullmatch(client):
        raise UsageError(
            f"'{client}' cannot be a client's name", hint="use small letters, digits, - and _; at most 32 of them"
        )
    if not re.fullmatch(USER_ID_PATTERN, bot):
        raise UsageError(f"'{bot}' is no bot's user id", hint="it is a U and 32 digits or letters from a to f")
    words = {
        "project": "workspace",
        "client": client,
        "title": json.dumps(title, ensure_ascii=False),
        "bot": bot,
        "variable": client.upper().replace("-", "_"),
        "at": f"{_first_send(now):%Y-%m-%dT%H:%M}",
    }
    if not words["variable"][0].isalpha():
        words["variable"] = f"LINE_{words['variable']}"
    texts = {path.format(client=client): _filled(name, words) for path, name in FILES.items()}
    texts["schemas/lineform.schema.json"] = json.dumps(combined_schema(), indent=2, ensure_ascii=False) + "\n"
    _refuse_to_overwrite(folder, texts)
    for path, text in texts.items():
        _write(folder / path, text)
        click.echo(f"wrote {folder / path}")
    _write_unless_there(folder / "README.md", _filled("README.md", {**words, "title": title}))
    _ignore(folder / ".gitignore")
    load_project(folder)
    where = "" if folder.resolve() == Path.cwd() else f" -C {folder}"
    click.echo(f"try it: lineform test{where}, lineform preview{where}, lineform plan --sandbox{where}")


def _first_send(now: datetime | None) -> datetime:
    """Ten in the morning, a month ahead, on the wall clock of the workspace's time zone."""
    zone = ZoneInfo("Asia/Tokyo")
    at = now or SystemClock().now()
    local = at.astimezone(zone) if at.tzinfo is not None else at
    return (local + AHEAD).replace(hour=10, minute=0, second=0, microsecond=0, tzinfo=None)


def _filled(name: str, words: Mapping[str, str]) -> str:
    return Template((STARTER / name).read_text(encoding="utf-8")).substitute(words)


def _refuse_to_overwrite(folder: Path, texts: Mapping[str, str]) -> None:
    if (folder / PROJECT_FILE).exists():
        raise BlockedError(f"{folder} is a workspace already: it has a {PROJECT_FILE}", hint="choose another folder")
    if there := [path for path in texts if (folder / path).exists()]:
        raise BlockedError(f"these files would be overwritten: {', '.join(there)}", hint="choose another folder")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_unless_there(path: Path, text: str) -> None:
    if path.exists():
        click.echo(f"kept {path}")
        return
    _write(path, text)
    click.echo(f"wrote {path}")


def _ignore(path: Path) -> None:
    """The folder of stores and pages never belongs into git."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if IGNORED in before.splitlines():
        click.echo(f"kept {path}")
        return
    gap = "" if not before or before.endswith("\n") else "\n"
    _write(path, f"{before}{gap}{IGNORED}\n")
    click.echo(f"{'added to' if before else 'wrote'} {path}")
