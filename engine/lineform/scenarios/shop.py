"""An event that a system of the business tells: about a friend, or about an item whose friends are to hear of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lineform.scenarios.happening import Happening, What
from lineform.segments.friend import Value

ITEM = "item"
"""The field that names the item of an event."""
MEMBER = "member:"
"""Before a member's id, where a person is known by that alone."""


@dataclass(frozen=True, slots=True)
class ShopEvent:
    """One event. It is about a LINE user, or about a member of the business, or, with neither, about an item alone."""

    event: str
    id: str
    """(event, id) happened once, however often it is told."""
    at: datetime
    user_id: str = ""
    member_id: str = ""
    fields: Mapping[str, Value] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What it is known by, among everything that ever happens at the account."""
        return f"shop/{self.event}/{self.id}"

    @property
    def person(self) -> str:
        """Whose it is, as the inbox keeps it; empty for an item's."""
        return self.user_id or (f"{MEMBER}{self.member_id}" if self.member_id else "")

    @property
    def item(self) -> str:
        """The item's name; empty where it names none."""
        return str(self.fields.get(ITEM, ""))

    def to_json(self) -> str:
        """JSON in ASCII, with sets as lists."""
        value = {
            "event": self.event,
            "id": self.id,
            "at": self.at.isoformat(),
            "user_id": self.user_id,
            "member_id": self.member_id,
            "fields": {name: list(one) if isinstance(one, tuple) else one for name, one in self.fields.items()},
        }
        return json.dumps(value, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> ShopEvent:
        """What `to_json` wrote."""
        value: dict[str, Any] = json.loads(text)
        fields = {name: tuple(one) if isinstance(one, list) else one for name, one in value["fields"].items()}
        moment = datetime.fromisoformat(value["at"])
        return cls(value["event"], value["id"], moment, value["user_id"], value["member_id"], fields)

    def happening(self, friend_id: int, received_at: datetime) -> Happening:
        """What happened to one of its friends."""
        key = f"{self.key}/{friend_id}"
        return Happening(key, friend_id, What.EVENT, self.at, self.event, fields=self.fields, received_at=received_at)
