"""The one error boundary: a user's mistake, a guard, an interruption and our own bug end differently."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping

import click

from lineform import __version__
from lineform.errors import LineformError, UsageError

INTERRUPTED = 130
BROKEN_PIPE = 141


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
        traceback.print_exc()
        click.echo(f"this is a bug in lineform {__version__}: {type(error).__name__}", err=True)
        return 1
    return result if isinstance(result, int) else 0
