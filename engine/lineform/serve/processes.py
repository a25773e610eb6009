"""One server of several processes: they accept on one socket, one that dies is started again, all end together.

A process that dies is seen at once, by its sentinel. uvicorn's own supervisor asks its processes again and again
whether they are there, and one that dies between question and answer is missed for as long as a start may take.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.context import SpawnProcess

from starlette.types import ASGIApp

from lineform.serve.logs import log, warn
from lineform.serve.server import server_of

LOOK = 0.5
"""Seconds between two looks whether it was asked to end."""
LONGEST_PAUSE = 30.0
LIVED = 60.0
"""Seconds after which a process counts as one that had begun well."""

_SPAWN = multiprocessing.get_context("spawn")


@dataclass(slots=True)
class _Place:
    """One of the processes, and whoever takes its place."""

    process: SpawnProcess | None = None
    began: float = 0.0
    failures: int = 0
    """Deaths in a row, each soon after a beginning."""
    again: float = 0.0
    """When the next one begins."""


def pause_after(failures: int, lived: float) -> tuple[int, float]:
    """How many deaths in a row there are now, and the seconds until another process begins: the first dies for itself,
    those that die at once would else keep the machine busy with beginnings."""
    if lived >= LIVED:
        return 0, 0.0
    return failures + 1, 0.0 if not failures else min(LONGEST_PAUSE, 2.0 ** (failures - 1))


def serve_in_processes(make_app: Callable[[], ASGIApp], listening: socket.socket, count: int) -> None:
    """Serves in `count` processes until it is asked to end (SIGTERM, SIGINT), and returns when all of them have ended
    what was under way. `make_app` travels to each of them, pickled, and makes its application there."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    places = [_Place() for _ in range(count)]
    while not asked.is_set():
        for place in places:
            _keep(place, make_app, listening)
        connection.wait([place.process.sentinel for place in places if place.process is not None], LOOK)
    _end([place.process for place in places if place.process is not None])


def _keep(place: _Place, make_app: Callable[[], ASGIApp], listening: socket.socket) -> None:
    now = time.monotonic()
    if place.process is not None and not place.process.is_alive():
        warn("process died", process=place.process.pid, exit=place.process.exitcode)
        place.process = None
        place.failures, pause = pause_after(place.failures, now - place.began)
        place.again = now + pause
    if place.process is None and now >= place.again:
        place.process = _SPAWN.Process(target=_serve, args=(make_app, listening), name="lineform serve")
        place.process.start()
        place.began = now
        log("process begun", process=place.process.pid)


def _end(processes: list[SpawnProcess]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


def _serve(make_app: Callable[[], ASGIApp], listening: socket.socket) -> None:
    """In a process of its own. Asked to end before it has begun to serve, it ends at once."""
    _end_with_parent()
    # The terminal tells all of them at once; uvicorn has ended well then.
    with suppress(KeyboardInterrupt):
        server_of(make_app()).run(sockets=[listening])


def _end_with_parent() -> None:
    """Ends this process gracefully where the one that began it is gone, killed or crashed: else it would hold the port,
    with nobody who could ask it to end."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
