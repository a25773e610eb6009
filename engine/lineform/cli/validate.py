"""``lineform validate``: everything that is wrong with the workspace, in one run."""

from __future__ import annotations

from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import errors, load, read_settings, summarise, use_colour
from lineform.loading.workspace import find_root, place_in_repository
from lineform.model.problem import InvalidError
from lineform.plural import plural
from lineform.report.problems import (
    problems_github,
    problems_json,
    problems_markdown,
    problems_sarif,
    problems_text,
)


@click.command("validate")
@options.workspace
@options.clients
@options.output("text", "json", "github", "sarif")
def command(workspace: Path, clients: tuple[str, ...], output: str) -> int:
    """Check the workspace: every file, every value, LINE's limits. Needs no account and no network."""
    loaded = load(workspace, clients)
    match output:
        case "json":
            click.echo(problems_json(loaded.problems))
        case "github":
            click.echo(problems_github(loaded.problems, folder=_folder(workspace)))
            summarise(problems_markdown(loaded.problems))
        case "sarif":
            click.echo(problems_sarif(loaded.problems, folder=_folder(workspace)))
        case _:
            if loaded.problems:
                click.echo(problems_text(loaded.problems, colour=use_colour()))
    if errors(loaded.problems) or loaded.project is None:
        return InvalidError.exit_code
    if output == "text":
        count = sum(len(client.resources) for client in loaded.project.clients.values())
        click.echo(f"{plural(len(loaded.project.clients), 'client')}, {plural(count, 'resource')}: valid")
    return 0


def _folder(workspace: Path) -> str:
    """What the workspace is called inside the repository, which is what annotations are relative to."""
    checkout = read_settings().checkout
    return place_in_repository(find_root(workspace), *(() if checkout is None else (checkout,)), Path.cwd())
