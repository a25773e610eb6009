"""GitHub's workflow commands: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands."""

from __future__ import annotations


def annotation(level: str, message: str, title: str = "", *, file: str = "", line: int = 0, column: int = 0) -> str:
    """One annotation; `level` is error, warning or notice. Zero and empty properties are left out."""
    given = {
        "file": file,
        "line": str(line) if line else "",
        "col": str(column) if line and column else "",
        "title": title,
    }
    properties = ",".join(f"{name}={_property(value)}" for name, value in given.items() if value)
    return f"::{level}{' ' + properties if properties else ''}::{_message(message)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
