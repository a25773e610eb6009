"""A daily campaign to those whose day it is: each friend once a year, on the client's calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from lineform.model.attributes import AttributesSpec
from lineform.ports.friends import FriendRow
from support.declared_clients import campaign
from support.delivering import Scene

WORDS = AttributesSpec.model_validate(
    {"kind": "attributes", "name": "words", "attributes": {"birthday": {"type": "date"}}}
)


def scene(origin: str, folder: Path, cron: str, birthdays: list[str], **schedule: object) -> Scene:
    rule = {"cron": cron, "starts": "2026-12-01", "if_late": {"within": "2h", "otherwise": "skip"}, **schedule}
    where = {"where": {"anniversary": "birthday", "in": "today"}}
    here = Scene(origin, folder, WORDS, campaign("birthdays", audience=where, schedule=rule), friends=len(birthdays))
    rows = [
        FriendRow(user, attributes={"birthday": day}) for user, day in zip(here.users, birthdays, strict=True) if day
    ]
    here.with_store(lambda store: store.import_friends(here.client.name, rows, here.clock.now()))
    return here


def tokyo(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=UTC) - timedelta(hours=9)


def test_each_friend_is_congratulated_once_on_the_day(origin: str, tmp_path: Path) -> None:
    here = scene(origin, tmp_path, "0 8 * * *", ["1990-12-01", "2001-12-02", "1985-12-02", "1990-12-09", ""])
    got = []
    for day in range(1, 5):
        for hour in (7, 8, 9):
            here.move(tokyo(day, hour, 5))
            here.tick()
        got.append(dict(here.received()))
    first, second, third, late, unknown = here.users
    assert got[0] == {first: 1}
    assert got[1] == got[3] == {first: 1, second: 1, third: 1}
    assert {late, unknown}.isdisjoint(got[3])


def test_a_run_after_midnight_congratulates_those_whose_day_it_was(origin: str, tmp_path: Path) -> None:
    here = scene(origin, tmp_path, "30 23 * * *", ["1990-12-01", "1990-12-02"])
    here.move(tokyo(2, 0, 45))
    here.tick()
    assert dict(here.received()) == {here.users[0]: 1}
    here.move(tokyo(2, 23, 31))
    here.tick()
    assert dict(here.received()) == dict.fromkeys(here.users, 1)
