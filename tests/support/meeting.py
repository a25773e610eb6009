"""Friends whom LINE's webhook alone tells of: each event goes through the inbox, and is worked on as a server does."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from lineform.journeys.due import due_steps
from lineform.journeys.live import live_through
from lineform.journeys.profiles import meet, profiles_due
from lineform.journeys.unsending import take_back
from lineform.line.account import open_account
from lineform.run.menus import menus_due
from lineform.run.options import Records, Run, TickOptions
from lineform.segments.friend import Friend
from lineform.serve.arrivals import arrivals_of
from lineform.serve.onlooker import Unwatched
from lineform.serve.working import Following, Working, work_once
from lineform.store.open import open_store
from support.delivering import DUE
from support.living import Life


class Met(Life):
    """A scene whose friends are met by LINE's webhook alone: nothing is known of them before."""

    def __init__(self, origin: str, folder: Path, *specs: Any, friends: list[dict[str, Any]], **how: Any) -> None:
        super().__init__(origin, folder, *specs, friends=0, **how)
        self.users = self.control.add_friends(self.account, friends)
        self.move(DUE)

    def came(self, *events: dict[str, Any], patience: float = 10.0) -> None:
        """LINE's webhook brought these, and they are worked on."""
        body = json.dumps({"destination": self.bot, "events": events}).encode()
        now = self.clock.now()
        self.with_store(lambda store: store.receive(arrivals_of(self.client.name, self.bot, body, now), now))

        async def work() -> None:
            account = open_account(self.origin, self.token, self.clock)
            with open_store(self.url) as store:
                records = Records(store)
                run = Run(self.client, account, records, self.clock, TickOptions(concurrency=4))

                async def met(run: Run, acted: Any) -> None:
                    await meet(run, acted, patience)

                try:
                    assert await work_once(
                        run, Following(live_through, meet=met, take_back=take_back), Working(), Unwatched()
                    )
                finally:
                    records.close()
                    await account.close()

        asyncio.run(work())

    def follow(self, place: int = 0, **how: Any) -> None:
        self.came(self.control.follow(self.account, self.users[place]), **how)

    def known(self, place: int = 0) -> Friend:
        return self.with_store(lambda store: store.friends(self.client.name, [self.friend(place)]))[0]

    def asked(self) -> int:
        """How often LINE was asked for a profile."""
        mine = {self.account, self.bot}
        return sum(
            one["account"] in mine and one["path"].startswith("/v2/bot/profile/") for one in self.control.requests()
        )

    def ticked(self, minutes: float = 0) -> list[str]:
        """A tick so much later; what went wrong in it."""
        self.move(self.clock.now() + timedelta(minutes=minutes))
        return [one.reason for one in self.tick(also=[due_steps, profiles_due, menus_due]).entries]

    def said(self, place: int = 0) -> list[str]:
        return [text for _, text in self.read(place)]
