"""``lineform routes``: the address of every entry route, and its QR picture as files for posters."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from lineform.cli import options
from lineform.cli.common import open_sound, say_left_out
from lineform.errors import UsageError
from lineform.model.address import Kind
from lineform.model.project import Client
from lineform.model.route import RouteSpec
from lineform.report.terminal import padded, width


@click.command("routes")
@options.workspace
@options.clients
@options.output("text", "json")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write QR pictures into this folder.")
def command(workspace: Path, clients: tuple[str, ...], output: str, out: Path | None) -> int:
    """List the address of every entry route; with --out, write its QR picture as PNG and SVG.

    The address is a page of `lineform serve`. It works as soon as the route is armed.
    """
    project, failed = open_sound(workspace, clients)
    found = [one for client in project.clients.values() for one in _routes(client)]
    for one in found if out is not None else ():
        one["files"] = _write(out or Path(), one)
    if output == "json":
        click.echo(json.dumps({"format_version": 1, "routes": found}, ensure_ascii=False, indent=2))
        return say_left_out(project, failed)
    column = max((width(one["route"]) for one in found), default=0)
    for one in found:
        click.echo(f"{one['client']}  {padded(one['route'], column)}  {one['url']}  ({one['told_by']})")
        for file in one.get("files", ()):
            click.echo(f"  wrote {file}")
    if not found:
        click.echo("no client has entry routes")
    return say_left_out(project, failed)


def _routes(client: Client) -> list[dict[str, Any]]:
    links, entry = client.spec.links, client.spec.entry
    told_by = "" if entry is None else "LIFF app" if entry.liff is not None else "a text that the friend sends"
    return [
        {
            "client": client.name,
            "route": one.address.name,
            "title": one.spec.title,
            "url": f"{links.base}/r/{client.name}/{one.address.name}",
            "told_by": told_by,
        }
        for one in client.of(Kind.ROUTE)
        if isinstance(one.spec, RouteSpec) and links is not None
    ]


def _write(folder: Path, one: dict[str, Any]) -> list[str]:
    if find_spec("segno") is None:
        raise UsageError("QR pictures need segno", hint="pip install 'lineform[serve]'")
    # Asked for by few, and no part of an installation that only sends.
    from lineform.display.qr import KINDS, qr_picture  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for kind in KINDS:
        file = folder / f"{one['client']}-{one['route']}.{kind}"
        file.write_bytes(qr_picture(one["url"], kind))
        files.append(str(file))
    return files
