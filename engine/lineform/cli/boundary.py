"""The one error boundary: a user's mistake, a guard, an interruption and our own bug end differently."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from lineform import __version__
from lineform.errors import BlockedError, LineformError, PartialError, UsageError

INTERRUPTED = 130
BROKEN_PIPE = 141
EXTRAS: Final = {
    "uvicorn": "sandbox",
    "starlette": "sandbox",
    "psycopg": "postgresql",
    "prometheus_client": "serve",
    "structlog": "serve",
}
"""Packages that are installed only where they are asked for, and the extra that brings each."""
OWN_FOLDER: Final = ".lineform"
"""The folder of a workspace in which what lineform makes is kept, where nobody names another place."""
_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def say_error(error: LineformError) -> None:
    """An error as a person reads it: what happened, then what to do."""
    code = f"{error.code} " if error.code else ""
    whose = f"{error.client}: " if error.client and not error.message.startswith(error.client) else ""
    click.echo(f"{click.style('error', fg='red', bold=True)}: {whose}{code}{error.message}", err=True)
    if error.hint:
        click.echo(f"  {click.style('what to do', bold=True)}: {error.hint}", err=True)


def say_failures(failures: Mapping[str, LineformError], *, told: bool = False) -> None:
    """Each client's failure as an error. `told` where standard output has them already: then a terminal, which shows
    both, shows them once."""
    if not (told and sys.stdout.isatty() and sys.stderr.isatty()):
        for error in failures.values():
            say_error(error)


def guarded(command: click.Command, argv: list[str]) -> int:
    """Runs a command and gives the exit code that its end stands for. Never raises."""
    try:
        result = command.main(argv, prog_name="lineform", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return UsageError.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; what was recorded stays, and the same command goes on from there", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return UsageError.exit_code
    except (BrokenPipeError, SystemExit):
        # The reader went away (`lineform plan | head`): not an error of anybody's, and no success either. Outside of
        # its standalone mode click exits by itself in this case only, with a code that depends on its version. Keep
        # the interpreter from complaining when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except LineformError as error:
        say_error(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the boundary: whatever arrives here is our bug, and says so
        known = _of_this_machine(error)
        if known is not None:
            _let_go_of_output()
            say_error(known)
            return known.exit_code
        traceback.print_exc()
        click.echo(f"this is a bug in lineform {__version__}: {type(error).__name__}", err=True)
        return 1
    return result if isinstance(result, int) else 0


def _of_this_machine(error: Exception) -> LineformError | None:
    """What the machine could not give, as something to act on: a disk, a file, a package that is optional."""
    if isinstance(error, ModuleNotFoundError) and error.name is not None:
        extra = EXTRAS.get(error.name.partition(".")[0])
        if extra is None:
            return None
        return UsageError(
            f"this needs the package {error.name}, which is not installed", hint=f"pip install 'lineform[{extra}]'"
        )
    if not isinstance(error, OSError):
        return None
    if error.errno in _DISK:
        where = f" of {error.filename}" if error.filename else ""
        return PartialError(
            f"the disk{where} took no more: {error.strerror}",
            hint="make room, or name a file on another disk, and run the same command again",
        )
    if error.filename is None:
        return None
    if OWN_FOLDER in Path(os.fsdecode(error.filename)).parts:
        return unwritable(error)
    return UsageError(
        f"{os.fsdecode(error.filename)} cannot be used: {error.strerror}",
        hint="look at its name, its folder and its permissions, or name another one",
    )


def unwritable(error: OSError) -> BlockedError:
    """The error of a file of the workspace, which nobody named, and which must be written: as that of a store is."""
    return BlockedError(
        f"{os.fsdecode(error.filename)} cannot be used: {error.strerror}",
        hint="the workspace's files and folders must be writable for whoever runs lineform",
    )


def _let_go_of_output() -> None:
    """Output that cannot be written stays in its buffer; at its exit the interpreter would fail on it once more."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
