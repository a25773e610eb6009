"""What every verb does first: read the environment and the workspace, and say what is wrong with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from lineform.cli.boundary import say_failures
from lineform.errors import LineformError, UsageError
from lineform.loading.faults import Faulty
from lineform.loading.project import Loaded, read_project
from lineform.loading.workspace import find_root
from lineform.model.address import Kind
from lineform.model.problem import InvalidError, Problem, Severity, did_you_mean
from lineform.model.project import Client, Project, Resource
from lineform.report.problems import problems_text
from lineform.settings import Settings

GRAVITY = (1, 8, 4, 5, 6, 7, 9, 64, 3, 2)
"""Exit codes, the gravest first: what a run over several clients ends with."""


def read_settings() -> Settings:
    """The environment. Raises UsageError where it cannot be used."""
    return Settings.from_environment(os.environ)


def load(workspace: Path, clients: Sequence[str] = ()) -> Loaded:
    """The workspace at or above a folder, with everything that is wrong with it."""
    return read_project(find_root(workspace), clients=clients or None)


def open_project(workspace: Path, clients: Sequence[str] = ()) -> Project:
    """A valid workspace. Prints every problem; raises click's Exit with 3 where one of them is an error."""
    loaded = load(workspace, clients)
    if loaded.problems:
        click.echo(problems_text(loaded.problems, colour=use_colour(err=True)), err=True)
    if loaded.project is None or errors(loaded.problems):
        raise click.exceptions.Exit(InvalidError.exit_code)
    return loaded.project


Failed = Mapping[str, LineformError]
"""What is wrong with single clients, by their names."""


def open_sound(workspace: Path, clients: Sequence[str] = (), *, sending: bool = False) -> tuple[Project, Failed]:
    """The clients of whom nothing is wrong, and why the others are left alone. Prints every problem; raises click's
    Exit with 3 where something is wrong that may be anybody's, or nobody is left.

    With `sending`, those who can be sent to by what was armed are among the clients, whatever else is wrong with them.
    """
    loaded = load(workspace, clients)
    if loaded.problems:
        click.echo(problems_text(loaded.problems, colour=use_colour(err=True)), err=True)
    if loaded.sound is None:
        raise click.exceptions.Exit(InvalidError.exit_code)
    project, failed = sound_of(loaded.sound, loaded.faulty, sending=sending)
    if not project.clients:
        if sending:
            say_failures(failed)
        raise click.exceptions.Exit(InvalidError.exit_code)
    return project, failed


def sound_of(sound: Project, faulty: Mapping[str, Faulty], *, sending: bool) -> tuple[Project, Failed]:
    """The same of a workspace that was read: it may be that nobody is left."""
    known = dict(sound.clients)
    failed: dict[str, LineformError] = {}
    for name, one in faulty.items():
        hint = _ALONE
        if sending and one.settled is not None:
            known[name], hint = one.settled, _ARMED
        elif sending:
            hint = _WAITS
        failed[name] = InvalidError(one.problems, hint=hint)
        failed[name].client = name
    return replace(sound, clients={name: known[name] for name in sorted(known)}), failed


def say_left_out(project: Project, failed: Failed) -> int:
    """Says of whom nothing was done; what is wrong with the others' files was said. The exit code of all of them."""
    say_failures({name: error for name, error in failed.items() if name not in project.clients})
    return worst(error.exit_code for error in failed.values())


_MEND = "mend its files, which `lineform validate` looks at"
_ALONE = f"{_MEND}; until then nothing of it is read or changed"
_WAITS = f"{_MEND}; its settings are not sure, so nothing is sent for it and what is armed waits"
_ARMED = f"{_MEND}; what is armed goes on as it was approved"


def errors(problems: Iterable[Problem]) -> bool:
    """Whether one of the problems is an error, and no mere warning."""
    return any(problem.severity is Severity.ERROR for problem in problems)


def one_client(project: Project, name: str | None) -> Client:
    """The named client, or the only one. Raises UsageError where that is not one client."""
    if name is not None:
        return project.clients[name]
    if len(project.clients) == 1:
        return next(iter(project.clients.values()))
    raise UsageError("there are several clients", hint=f"add --client with one of {', '.join(project.clients)}")


def owner_of(workspace: Path, name: str | None) -> tuple[Project, Client]:
    """The workspace and its one client that is meant. Raises UsageError where that is not one client."""
    project = open_project(workspace, [name] if name else [])
    return project, one_client(project, name)


def find_resource(client: Client, text: str, kind: Kind | None = None) -> Resource:
    """A resource by its address (``campaign.winter-offer``), or by its name where `kind` says what is meant."""
    wanted = text if kind is None or "." in text else f"{kind}.{text}"
    known = {str(address): resource for address, resource in client.resources.items()}
    found = known.get(wanted)
    if found is None or (kind is not None and found.address.kind is not kind):
        fitting = sorted(word for word in known if kind is None or word.startswith(f"{kind}."))
        hint = did_you_mean(wanted, fitting) or f"known: {', '.join(fitting) or 'nothing'}"
        raise UsageError(f"{client.name} has no {wanted}", hint=hint)
    return found


def moment(project: Project, now: datetime | None) -> datetime | None:
    """What `--now` means: without an offset, wall-clock time in the project's time zone."""
    if now is None or now.tzinfo is not None:
        return now
    return now.replace(tzinfo=ZoneInfo(project.spec.defaults.timezone))


def acting_moment(project: Project, settings: Settings, now: datetime | None, *, sandbox: bool) -> datetime | None:
    """What `--now` means to a verb that sends or writes. Raises UsageError where real people would get the messages of
    another time, or the store would be told one."""
    if now is not None and not sandbox and not settings.offline:
        raise UsageError(
            "--now acts on the offline account only: this would reach real people at a time that it is not",
            hint="add --sandbox, or leave --now out; `plan` and `run --dry-run` take it, because they only read",
        )
    return moment(project, now)


def read_file(path: Path) -> str:
    """The text of a file that the user named. Raises UsageError where it is none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no text in UTF-8", hint="is it another file that was meant?") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def summarise(markdown: str) -> None:
    """Adds to GitHub's summary of this step, where there is one."""
    summary = read_settings().step_summary
    if summary is not None:
        with summary.open("a", encoding="utf-8") as file:
            file.write(markdown + "\n")


def use_colour(*, err: bool = False) -> bool:
    """Whether to colour: on a terminal, unless NO_COLOR asks not to (https://no-color.org)."""
    return (sys.stderr if err else sys.stdout).isatty() and not os.environ.get("NO_COLOR")


def worst(codes: Iterable[int]) -> int:
    """The exit code of several clients' outcomes together."""
    found = {code for code in codes if code}
    return next((code for code in GRAVITY if code in found), 0)
