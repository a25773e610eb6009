"""Options that several verbs share, each declared once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

workspace = click.option(
    "-C",
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="DIR",
    help="The workspace, or a folder inside it. Default: here.",
)

clients = click.option(
    "--client",
    "clients",
    multiple=True,
    metavar="NAME",
    help="Only this client; may be repeated. Default: all of them.",
)

client = click.option("--client", "client", metavar="NAME", help="The client. May be left out where there is only one.")


def output(*formats: str) -> Callable[[F], F]:
    """``--format`` with the formats that a verb has; the first is the default."""
    return click.option(
        "--format", "output", type=click.Choice(formats), default=formats[0], show_default=True, help="How to print."
    )


class Moment(click.ParamType[datetime]):
    """An ISO date and time; without an offset it is meant in the project's time zone."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is not a date and time such as 2026-12-01T10:00", param, ctx)


prune = click.option("--prune", is_flag=True, help="Delete our live menus whose file is gone.")

replace = click.option(
    "--replace", multiple=True, metavar="ADDRESS", help="Make this coupon anew, and close the old one for everybody."
)
adopt = click.option(
    "--adopt", multiple=True, metavar="ADDRESS", help="Let this menu take over an alias or default of others."
)

now = click.option(
    "--now",
    type=Moment(),
    metavar="TIME",
    help="Act as if it were this time (2026-12-01T10:00). What sends or writes takes it on the offline account only.",
)

sandbox = click.option(
    "--sandbox",
    is_flag=True,
    help="Use the offline LINE account, kept in .lineform/sandbox.db, instead of LINE.",
)
