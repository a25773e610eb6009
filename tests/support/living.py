"""Friends who live through scenarios at the offline LINE: things happen to them, and time goes by."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lineform.journeys.due import due_steps
from lineform.journeys.live import Lived, live_through
from lineform.line.account import open_account
from lineform.model.scenario import ScenarioSpec
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import TickReport
from lineform.scenarios.enrolment import Enrolment
from lineform.scenarios.happening import Happening, What
from lineform.store.open import open_store
from support.delivering import Scene

_keys = itertools.count(1)
_same: Callable[[Any], Any] = lambda port: port  # noqa: E731


def scenario(name: str, *steps: Mapping[str, Any], trigger: Any = "follow", **fields: Any) -> ScenarioSpec:
    """A scenario of these steps."""
    spec = {"kind": "scenario", "name": name, "trigger": trigger, "steps": steps, **fields}
    return ScenarioSpec.model_validate(spec)


def says(step: str, after: Any = 0, text: str = "", **fields: Any) -> dict[str, Any]:
    """A step that sends its own name, or `text`."""
    return {"id": step, "after": after, "send": [{"text": text or step}], **fields}


class Life(Scene):
    """A scene whose friends do things. `at` moves both clocks; every tick does what is due."""

    def ids(self) -> list[int]:
        return list(self.with_store(lambda store: store.friend_ids(self.client.name, self.users)).values())

    def friend(self, place: int = 0) -> int:
        found: dict[str, int] = self.with_store(lambda store: store.friend_ids(self.client.name, self.users))
        return found[self.users[place]]

    def happening(self, what: What, place: int = 0, **fields: Any) -> Happening:
        values = {"key": f"h{next(_keys)}", "friend_id": self.friend(place), "what": what, "at": self.clock.now()}
        return Happening(**{**values, **fields})

    async def living(self, *happenings: Happening, wrap: Callable[[Any], Any] = _same) -> Lived:
        account = open_account(self.origin, self.token, self.clock)
        try:
            with open_store(self.url) as store:
                records = Records(wrap(store))
                try:
                    options = TickOptions(concurrency=4)
                    run = Run(self.client, wrap(account), records, self.clock, options)
                    return await live_through(run, happenings)
                finally:
                    records.close()
        finally:
            await account.close()

    def live(self, *happenings: Happening, wrap: Callable[[Any], Any] = _same) -> Lived:
        return asyncio.run(self.living(*happenings, wrap=wrap))

    def happens(self, what: What, place: int = 0, **fields: Any) -> Lived:
        """It happens now, and is looked at."""
        return self.live(self.happening(what, place, **fields))

    def step(self, wrap: Callable[[Any], Any] = _same, **options: Any) -> TickReport:
        return self.tick(wrap, also=[due_steps], **options)

    def at(self, moment: datetime, **options: Any) -> TickReport:
        """Both clocks stand at this moment, and a tick is made."""
        self.move(moment)
        return self.step(**options)

    def until(self, end: datetime, every: timedelta = timedelta(hours=1)) -> None:
        """A tick every hour until then."""
        while self.clock.now() + every <= end:
            self.at(self.clock.now() + every)

    def courses(self, place: int = 0) -> tuple[Enrolment, ...]:
        friend = self.friend(place)
        found: tuple[Enrolment, ...] = self.with_store(
            lambda store: store.enrolments(self.client.name, [friend]).get(friend, ())
        )
        return found

    def marks(self, place: int = 0) -> list[tuple[str, str]]:
        """What became of the steps of a friend's only course."""
        (course,) = self.courses(place)
        return [(mark.step, mark.said) for mark in course.marks]

    def read(self, place: int = 0) -> list[tuple[str, str]]:
        """When (in Japan) a friend read what, in order."""
        out = []
        for one in self.control.deliveries(self.account):
            if one["user"] == self.users[place]:
                at = datetime.fromisoformat(one["time"]).astimezone(UTC) + timedelta(hours=9)
                out += [
                    (at.strftime("%m-%d %H:%M"), message.get("text") or message["altText"])
                    for message in one["messages"]
                ]
        return out
