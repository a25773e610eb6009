"""``lineform schema``: JSON Schemas, so that an editor completes, checks and explains while one types."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lineform.loading.jsonschemas import all_schemas
from lineform.model.problem import did_you_mean


@click.command("schema")
@click.argument("name", default="lineform")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write every schema into this folder instead of printing one.",
)
def command(name: str, out: Path | None) -> None:
    """Print the schema NAME: a kind such as campaign, or `lineform`, which covers them all.

    In a file, refer to it with: # yaml-language-server: $schema=PATH/lineform.schema.json
    """
    schemas = all_schemas()
    if out is None:
        if name not in schemas:
            raise click.UsageError(f"there is no schema '{name}'; {did_you_mean(name, schemas) or ', '.join(schemas)}")
        click.echo(json.dumps(schemas[name], indent=2, ensure_ascii=False))
        return
    out.mkdir(parents=True, exist_ok=True)
    for stem, schema in schemas.items():
        path = out / f"{stem}.schema.json"
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        click.echo(str(path))
