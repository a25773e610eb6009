"""The one error boundary, and how moments are read."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import datetime, timedelta

import click
import pytest

from lineform.cli.boundary import INTERRUPTED, guarded
from lineform.cli.options import Moment
from lineform.errors import BlockedError, CredentialError, LineformError, StaleError, UsageError


def _command(act: Callable[[], object]) -> click.Command:
    return click.Command("try", callback=act)


def _raising(error: BaseException) -> click.Command:
    def act() -> None:
        raise error

    return _command(act)


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (2, 2), ("text", 0)])
def test_a_command_ends_with_the_number_that_it_returns(result: object, code: int) -> None:
    assert guarded(_command(lambda: result), []) == code


@pytest.mark.parametrize("kind", [BlockedError, StaleError, CredentialError, UsageError, LineformError])
def test_an_error_that_somebody_can_act_on_says_what_to_do(
    kind: type[LineformError], capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(_raising(kind("it is so", hint="do this", code="G101")), []) == kind.exit_code
    said = capsys.readouterr()
    assert said.out == ""
    assert "G101 it is so" in said.err
    assert "do this" in said.err
    assert "Traceback" not in said.err


def test_our_own_bug_says_that_it_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(_raising(KeyError("x")), []) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "this is a bug in lineform" in said


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 7, "make room"),
        (OSError(errno.ENOSPC, "No space left on device", "a.json"), 7, "the disk of a.json"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "x/a.json"), 64, "x/a.json cannot be used"),
        (PermissionError(errno.EACCES, "Permission denied", b"a.json"), 64, "a.json cannot be used: Permission denied"),
        (PermissionError(errno.EACCES, "Permission denied", "w/.lineform/a"), 4, "w/.lineform/a cannot be used"),
        (ModuleNotFoundError("no uvicorn", name="uvicorn"), 64, "pip install 'lineform[sandbox]'"),
        (ModuleNotFoundError("no starlette", name="starlette.types"), 64, "pip install 'lineform[sandbox]'"),
    ],
)
def test_what_the_machine_does_not_give_is_no_bug(
    error: Exception, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(_raising(error), []) == code
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


@pytest.mark.parametrize("error", [ConnectionResetError("x"), ModuleNotFoundError("no x", name="x"), UnicodeError("x")])
def test_other_failures_of_the_machine_are_still_bugs(error: Exception) -> None:
    assert guarded(_raising(error), []) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_no_bug(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(_raising(error), []) == INTERRUPTED
    assert "goes on from there" in capsys.readouterr().err


def test_clicks_own_ends_keep_their_codes() -> None:
    assert guarded(_raising(click.exceptions.Exit(3)), []) == 3
    assert guarded(_raising(click.ClickException("x")), []) == 64
    assert guarded(_command(lambda: 0), ["--unknown"]) == 64
    assert guarded(_command(lambda: 0), ["--help"]) == 0


@pytest.mark.parametrize("text", ["2026-12-01T10:00", "2026-12-01 10:00"])
def test_a_moment_is_an_iso_date_and_time(text: str) -> None:
    assert Moment().convert(text, None, None) == datetime(2026, 12, 1, 10)  # noqa: DTZ001 - as it is typed


def test_a_moment_may_name_its_offset() -> None:
    assert Moment().convert("2026-12-01T10:00+09:00", None, None).utcoffset() == timedelta(hours=9)


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01T00:00", ""])
def test_what_is_no_moment_is_a_usage_error(text: str) -> None:
    with pytest.raises(click.BadParameter, match="2026-12-01T10:00"):
        Moment().convert(text, None, None)
