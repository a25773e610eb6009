"""A process dies between any two calls of its ports: after the next runs, every step was sent once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from lineform.run.options import TickOptions
from lineform.scenarios.happening import What
from support.delivering import DUE, Crash, Dying
from support.living import Life, says, scenario

HOUR = timedelta(hours=1)
LEASE = TickOptions().lease
SERIES = scenario(
    "s",
    {"id": "a", "send": [{"text": "a"}], "do": [{"record": {"event": "begun"}}]},
    says("b", "1h", text="{{ friend.display_name }}さま b"),
    says("c", "2h"),
)


class Within:
    """A store that dies before or after one of its calls, those inside of a transaction included."""

    def __init__(self, store: Any, count: list[int], at: int) -> None:
        self._store, self._args = store, (count, at)
        self._dying = Dying(store, count, at, after=True)

    def __getattr__(self, name: str) -> Any:
        if name != "together":
            return getattr(self._dying, name)
        return self._together

    def _together(self, account: str) -> Any:
        return _Opened(self._store.together(account), *self._args)


class _Opened:
    def __init__(self, opened: Any, count: list[int], at: int) -> None:
        self._opened, self._args = opened, (count, at)

    def __enter__(self) -> Any:
        count, at = self._args
        return Dying(self._opened.__enter__(), count, at, after=True)

    def __exit__(self, *details: object) -> Any:
        return self._opened.__exit__(*details)


def dying(at: int) -> Any:
    """Wraps ports so that the process dies after the call of this number; what comes before a call is the same as what
    comes after the one before it."""
    count = [0]

    def wrap(port: Any) -> Any:
        if hasattr(port, "together"):
            return Within(port, count, at)
        return Dying(port, count, at, after=True)

    return wrap


def test_a_tick_that_dies_anywhere_loses_and_doubles_no_step(origin: str, tmp_path: Path) -> None:
    died = 0
    for at in range(1, 60):
        here = Life(origin, tmp_path, SERIES, friends=1)
        here.move(DUE)
        here.happens(What.FOLLOW)
        here.move(DUE + HOUR)
        try:
            here.step(dying(at), lease=LEASE)
        except Crash:
            died += 1
        here.at(DUE + HOUR + 2 * LEASE)
        here.at(DUE + 2 * HOUR)
        assert [text for _, text in here.read()] == ["a", "F0さま b", "c"], at
        if died < at:
            break
    assert died > 15


def test_a_happening_whose_worker_dies_anywhere_is_lived_through_once(origin: str, tmp_path: Path) -> None:
    died = 0
    for at in range(1, 60):
        here = Life(origin, tmp_path, SERIES, friends=1)
        here.move(DUE)
        followed = here.happening(What.FOLLOW)
        try:
            here.live(followed, wrap=dying(at))
        except Crash:
            died += 1
        here.move(DUE + 2 * LEASE)
        here.live(followed)
        here.step()
        here.at(DUE + HOUR)
        assert [text for _, text in here.read()] == ["a", "F0さま b"], at
        events = here.with_store(lambda store: store.histories(here.client.name, here.ids()))  # noqa: B023
        assert [len(one) for one in events.values()] == [1]
        if died < at:
            break
    assert died > 8


def test_an_answer_whose_worker_dies_is_never_pushed_as_well(origin: str, tmp_path: Path) -> None:
    died = 0
    for at in range(1, 60):
        here = Life(origin, tmp_path, SERIES, friends=1)
        here.move(DUE)
        token = here.control.reply_token(here.account, here.users[0])
        followed = here.happening(What.FOLLOW, reply_token=token, received_at=DUE)
        try:
            here.live(followed, wrap=dying(at))
        except Crash:
            died += 1
        here.move(DUE + 2 * LEASE)
        here.live(followed)
        here.step()
        read = [text for _, text in here.read()]
        assert read in (["a"], []), at
        if not read:
            assert [send.status for send in here.sends()] == ["uncertain"], at
        if died < at:
            break
    assert died > 8
