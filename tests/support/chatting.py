"""Friends who write and tap at the offline LINE, and are answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import yaml

from lineform.journeys.live import Lived
from lineform.model.address import Kind
from lineform.model.base import Spec
from lineform.model.catalogue import SPECS
from lineform.scenarios.dialogue import Dialogue
from lineform.scenarios.interpret import interpret
from lineform.segments.friend import Friend
from lineform.sending.links import LinkKeys
from support.living import Life


def declared(text: str) -> Spec:
    """The resource of a file."""
    tree: dict[str, Any] = yaml.safe_load(text)
    return SPECS[Kind(tree["kind"])].model_validate(tree)


KEY = b"a key for links and passes"


class ChatLife(Life):
    """A scene whose friends chat. Each event goes its whole way: what LINE's webhook says, read, lived through."""

    link_keys = staticmethod(lambda: LinkKeys("https://go.example", KEY))

    def came(self, event: dict[str, Any], wait: float = 1.0) -> Lived:
        """A webhook event is worked on, some seconds after it happened."""
        self.move(self.clock.now() + timedelta(seconds=wait))
        now = self.clock.now()
        meaning = interpret(event, now)
        friend = self.with_store(lambda store: store.friend_ids(self.client.name, [meaning.user_id]))
        happening = meaning.happening(event["webhookEventId"], friend[meaning.user_id], now)
        return Lived() if happening is None else self.live(happening)

    def writes(self, text: str, place: int = 0, **more: Any) -> list[str]:
        """What a friend reads after writing this."""
        before = len(self.read(place))
        self.came(self.control.write(self.account, self.users[place], text), **more)
        return [said for _, said in self.read(place)[before:]]

    def taps(self, label: str, place: int = 0, **chosen: Any) -> list[str]:
        """What a friend reads after tapping a button of the last message."""
        before = len(self.read(place))
        tapped = self.control.tap(self.account, self.users[place], action={**self.buttons(place)[label], **chosen})
        self.came(tapped["event"])
        return [said for _, said in self.read(place)[before:]]

    def buttons(self, place: int = 0) -> dict[str, dict[str, Any]]:
        """The actions of the last message's buttons, by label."""
        last = [one for one in self.control.deliveries(self.account) if one["user"] == self.users[place]][-1]
        message = last["messages"][-1]
        actions = [item["action"] for item in message.get("quickReply", {}).get("items", ())]
        actions += message.get("template", {}).get("actions", ())
        return {action["label"]: action for action in actions}

    def known(self, place: int = 0) -> Friend:
        """What is known of a friend."""
        return self.with_store(lambda store: store.friends(self.client.name, [self.friend(place)]))[0]

    def dialogues(self, place: int = 0) -> Mapping[str, Dialogue]:
        """Where a friend is in forms."""
        friend = self.friend(place)
        return self.with_store(lambda store: store.standings(self.client.name, [friend]))[friend].dialogues

    def kinds(self, place: int = 0) -> list[str]:
        """How each delivery came: ``reply`` or ``push``."""
        found = self.control.deliveries(self.account)
        return [one["kind"] for one in found if one["user"] == self.users[place]]


Chats = Callable[..., ChatLife]
"""Makes a client with these specs, whose friends chat with it."""
