"""The official accounts in the sandbox: what a real one has in its console, as settings."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

from lineform.errors import UsageError


@dataclass(frozen=True, slots=True)
class Settings:
    """What the console of a real account decides. Durations are seconds on the sandbox clock."""

    display_name: str = "Sandbox"
    basic_id: str = "@sandbox"
    premium_id: str | None = None
    picture_url: str | None = None
    chat_mode: str = "bot"
    verified: bool = True
    plan_limit: int | None = 200
    """Messages a month, extra messages included; None means no limit. 200 is Japan's free plan."""
    channel_id: str = "2000000000"
    channel_secret: str = ""
    target_reach: int | None = None
    """People LINE can reach; None counts the friends."""
    webhook_active: bool = True
    """"Use webhook", a switch that the API can read and not turn."""
    webhook_redelivery: bool = False
    """A switch of the console alone: what the webhook did not take is delivered again."""
    rate_limits: bool = True
    bulk_seconds: float = 2.0
    batch_seconds: float = 5.0
    narrowcast_seconds: float = 5.0
    audience_seconds: float = 5.0
    """From an upload, or the creation of a click or impression audience, to its being ready; LINE may take hours."""
    refuse_foreign_multicast: bool = False
    """LINE's reference says both that unknown ids are skipped and that they are a 400; both can be tried."""

    @classmethod
    def parse(cls, given: dict[str, Any]) -> Settings:
        """Raises UsageError for a name that is no setting."""
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(given) - known)
        if unknown:
            raise UsageError(f"unknown account setting {unknown[0]!r}", hint=f"Known: {', '.join(sorted(known))}.")
        return cls(**given)

    def dump(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Account:
    """One channel of one account, as it stands at the start of a request."""

    id: int
    name: str
    bot_id: str
    settings: Settings
    default_menu: str | None
    default_owner: str | None

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Account:
        return cls(
            id=row["id"],
            name=row["name"],
            bot_id=row["bot_id"],
            settings=_settings(row["settings"]),
            default_menu=row["default_menu"],
            default_owner=row["default_owner"],
        )


@lru_cache(maxsize=1024)
def _settings(text: str) -> Settings:
    """Settings are read with every request and change almost never, so the parsed value is kept by its text."""
    return Settings(**json.loads(text))
