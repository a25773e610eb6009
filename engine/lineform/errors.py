"""Every way in which lineform ends badly, each with the exit code that scripts may rely on.

The codes are part of the command line's contract. 0 is "done or no change"; 2 ("changes" or "drift") is no error and
so is not here. Only ``cli`` turns an exception into an exit.
"""

from __future__ import annotations


class LineformError(Exception):
    """Something the user can act on: a sentence that says what happened, and one that says what to do."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.client = ""
        """Whose account this is about, where that is known."""


class BlockedError(LineformError):
    """A guard stopped this before the first call; `code` names the guard and so its override."""

    exit_code = 4


class StaleError(LineformError):
    """The approved plan no longer describes what would happen."""

    exit_code = 5


class LockedError(LineformError):
    """Somebody else is applying to this account right now."""

    exit_code = 6


class PartialError(LineformError):
    """Some of it is done and recorded; running the same command again goes on from there."""

    exit_code = 7


class CredentialError(LineformError):
    """The token is missing, expired, or belongs to another bot."""

    exit_code = 8


class LineRefusedError(LineformError):
    """LINE refused, has no quota left, or could not be reached; later may be better."""

    exit_code = 9


class UsageError(LineformError):
    """The command line itself cannot be understood."""

    exit_code = 64
