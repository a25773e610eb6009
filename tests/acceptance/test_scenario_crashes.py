"""A process dies between any two calls of its ports: after the next runs, every step was sent once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from lineform.run.options import TickOptions
from lineform.scenarios.happening import What
from support.delivering import DUE, Crash
from support.dying import dying
from support.living import Life, says, scenario

HOUR = timedelta(hours=1)
LEASE = TickOptions().lease
SERIES = scenario(
    "s",
    {"id": "a", "send": [{"text": "a"}], "do": [{"record": {"event": "begun"}}]},
    says("b", "1h", text="{{ friend.display_name }}さま b"),
    says("c", "2h"),
)


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
