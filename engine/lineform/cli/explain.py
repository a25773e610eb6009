"""``lineform explain``: where a value was written, layer by layer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lineform.cli import options
from lineform.cli.common import find_resource, one_client, open_project
from lineform.errors import UsageError
from lineform.model.origin import Path as ValuePath
from lineform.model.origin import dotted, parse_dotted
from lineform.model.problem import did_you_mean
from lineform.model.project import Client


@click.command("explain")
@options.workspace
@options.client
@click.argument("address")
@click.argument("path", default="")
def command(workspace: Path, client: str | None, address: str, path: str) -> None:
    """Tell where a value was written, such as campaign.winter-offer schedule.at; ADDRESS may also be `client`."""
    project = open_project(workspace, [client] if client else [])
    owner = one_client(project, client)
    wanted = parse_dotted(path)
    if address in {"client", f"client.{owner.name}"}:
        value = _value(_client_tree(owner), wanted, "client")
        layers = owner.source.layers(wanted)
    else:
        resource = find_resource(owner, address)
        value = _value(resource.spec.model_dump(mode="json", by_alias=True), wanted, address)
        layers = resource.source.layers(wanted)
    where = f"{address} {dotted(wanted)}".strip()
    click.echo(f"{where} of {owner.name} is {_shown(value)}")
    if not layers:
        click.echo("  nobody wrote it: it is the default")
    for place, layer in enumerate(layers, start=1):
        mark = "holds" if place == len(layers) else "replaced"
        click.echo(f"  {layer.name:<9} {layer.origin!s:<50} {mark:<9} {_shown(layer.value)}")


def _client_tree(client: Client) -> dict[str, Any]:
    return {**client.spec.model_dump(mode="json", by_alias=True), "values": client.values}


def _value(tree: Any, path: ValuePath, what: str) -> Any:
    """The value at a path; UsageError, with the nearest name, where there is none."""
    for depth, part in enumerate(path):
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            known = [str(key) for key in tree] if isinstance(tree, dict) else []
            where = dotted(path[: depth + 1])
            raise UsageError(f"{what} has no {where}", hint=did_you_mean(str(part), known)) from None
    return tree


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 100 else text[:99] + "…"
