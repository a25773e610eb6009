"""``lineform test``: the workspace's own tests."""

from __future__ import annotations

from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.boundary import say_failures
from lineform.cli.common import open_sound, use_colour, worst
from lineform.model.address import Kind
from lineform.model.problem import InvalidError
from lineform.report.rehearsals import rehearsals_json, rehearsals_junit, rehearsals_text
from lineform.sending.rehearsal import rehearse


@click.command("test")
@options.workspace
@options.clients
@options.output("text", "json", "junit")
def command(workspace: Path, clients: tuple[str, ...], output: str) -> int:
    """Run the workspace's tests: invented friends, and who of them receives which text. Needs no account."""
    project, failed = open_sound(workspace, clients)
    results = [rehearse(owner, test) for owner in project.clients.values() for test in owner.of(Kind.TEST)]
    match output:
        case "json":
            click.echo(rehearsals_json(results, failures=failed))
        case "junit":
            click.echo(rehearsals_junit(results, failures=failed))
        case _:
            click.echo(rehearsals_text(results, failures=failed, colour=use_colour()))
    say_failures(failed, told=output == "text")
    lost = [InvalidError.exit_code for result in results if not result.passed]
    return worst([*lost, *(error.exit_code for error in failed.values())])
