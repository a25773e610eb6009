"""One line an event of the server, as JSON or as text. No line holds a user id, a text or a secret: names of clients,
counts, kinds and our own sentences are all there is."""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal

import structlog

Form = Literal["json", "text"]


class _ErrorStream:
    """The process's error stream as it is in the moment of writing: one that is kept may have been closed since."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure(form: Form) -> None:
    """Sends every line to the error stream, those of the HTTP server below us included."""
    errors: Any = _ErrorStream()
    last: Any = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(errors),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(errors)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)


def log(event: str, **fields: Any) -> None:
    """Something to know."""
    structlog.get_logger().info(event, **fields)


def warn(event: str, **fields: Any) -> None:
    """Something that a person should look at."""
    structlog.get_logger().warning(event, **fields)
