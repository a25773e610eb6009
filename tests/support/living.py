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
from lineform.ports.friends import FriendRow
from lineform.ports.journeys import FriendChange
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import TickReport
from lineform.scenarios.enrolment import Enrolment
from lineform.scenarios.happening import Happening, What
from lineform.sending.links import Keys
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
    timed = {} if "before" in fields else {"after": after}
    return {"id": step, **timed, "send": [{"text": text or step}], **fields}


class Life(Scene):
    """A scene whose friends do things. `at` moves both clocks; every tick does what is due."""

    link_keys: Keys | None = None
    """What signs links and passes."""

    def ids(self) -> list[int]:
        return [self.friend(place) for place in range(len(self.users))]

    def friend(self, place: int = 0) -> int:
        return self.with_store(lambda store: store.friend_ids(self.client.name, self.users))[self.users[place]]

    def happening(self, what: What, place: int = 0, **fields: Any) -> Happening:
        values = {"key": f"h{next(_keys)}", "friend_id": self.friend(place), "what": what, "at": self.clock.now()}
        return Happening(**{**values, **fields})

    async def living(self, *happenings: Happening, wrap: Callable[[Any], Any] = _same) -> Lived:
        account = open_account(self.origin, self.token, self.clock)
        try:
            with open_store(self.url) as store:
                records = Records(wrap(store))
                try:
                    options = TickOptions(concurrency=4, link_keys=self.link_keys)
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

    def knows(self, place: int = 0, **attributes: Any) -> Lived:
        """Attributes change, and somebody looks at it."""
        change = FriendChange(self.friend(place), attributes)
        self.with_store(lambda store: store.change_friends(self.client.name, [change], self.clock.now()))
        return self.live(*(self.happening(What.ATTRIBUTE, place, name=name) for name in attributes))

    def tagged(self, *tags: str, place: int = 0, untag: tuple[str, ...] = ()) -> Lived:
        """Tags are given and taken, and somebody looks at it."""
        change = FriendChange(self.friend(place), {}, tags, untag)
        self.with_store(lambda store: store.change_friends(self.client.name, [change], self.clock.now()))
        given = [self.happening(What.TAGGED, place, name=tag) for tag in tags]
        return self.live(*given, *(self.happening(What.UNTAGGED, place, name=tag) for tag in untag))

    def follows(self, place: int = 0, *, unblocked: bool = False, **fields: Any) -> Lived:
        """The friend follows, or comes back."""
        now, user = self.clock.now(), self.users[place]
        row = FriendRow(user, followed_at=now, blocked=False)
        self.with_store(lambda store: store.import_friends(self.client.name, [row], now))
        if unblocked:
            self.control.unblock(self.account, user)
        return self.happens(What.FOLLOW, place, fields={"unblocked": True} if unblocked else {}, **fields)

    def blocks(self, place: int = 0) -> Lived:
        """The friend blocks the account."""
        now, user = self.clock.now(), self.users[place]
        row = FriendRow(user, blocked=True)
        self.with_store(lambda store: store.import_friends(self.client.name, [row], now))
        self.control.block(self.account, user)
        return self.happens(What.UNFOLLOW, place)

    def step(self, wrap: Callable[[Any], Any] = _same, **options: Any) -> TickReport:
        return self.tick(wrap, also=[due_steps], **options)

    def at(self, moment: datetime, **options: Any) -> TickReport:
        """Both clocks stand at this moment, and a tick is made."""
        self.move(moment)
        return self.step(**options)

    def until(self, end: datetime) -> None:
        """A tick whenever a step is due, and one at the end."""
        while True:
            due = self.with_store(lambda store: store.next_due(self.client.name))
            if due is None or due[1] >= end:
                break
            self.at(max(due[1], self.clock.now() + timedelta(seconds=1)))
        self.at(end)

    def courses(self, place: int = 0) -> tuple[Enrolment, ...]:
        friend = self.friend(place)
        return self.with_store(lambda store: store.enrolments(self.client.name, [friend])).get(friend, ())

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


Lives = Callable[..., Life]
"""Makes a client with these specs, whose friends do things."""
