"""The command line: one verb per file, imported on use from one table; the only room that writes to the terminal."""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Sequence

import click

from lineform import __version__
from lineform.cli.boundary import guarded
from lineform.cli.verbs import VERBS
from lineform.errors import UsageError
from lineform.model.problem import did_you_mean


class Verbs(click.Group):
    """Finds a verb in the table, and imports its module only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = VERBS.get(cmd_name)
        if entry is None:
            return None
        command = importlib.import_module(entry[0]).command
        assert isinstance(command, click.Command)  # noqa: S101 - the table names modules of this package only
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            raise UsageError(f"there is no command '{args[0]}'", hint=did_you_mean(args[0], VERBS) or "lineform --help")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(verb, summary) for verb, (_, summary) in VERBS.items()])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="lineform")
def lineform() -> None:
    """A LINE Official Account as code: reviewed YAML in, the account and its sends out.

    Exit codes: 0 done or no change, 1 our bug, 2 changes (plan --detailed-exitcode) or drift, 3 invalid workspace or
    failed test, 4 blocked by a guard, 5 plan is stale, 6 locked, 7 partly done and resumable, 8 wrong bot or
    credentials, 9 LINE refused or quota, 64 usage.
    """


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command line and exits."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A pipe that is not UTF-8 (Windows) must not turn a report into a failure.
            stream.reconfigure(errors="replace")
    sys.exit(guarded(lineform, list(sys.argv[1:] if argv is None else argv)))
