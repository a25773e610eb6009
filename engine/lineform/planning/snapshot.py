"""The live side in a file, so that a pull request from a fork can be planned without any secret.

It holds rich menus, aliases, the default, the bot and the quota, and the digests of armed revisions; no token and no
friend.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from lineform.errors import UsageError
from lineform.planning.live import Bot, DefaultMenu, LiveAccount, LiveMenu, Quota
from lineform.planning.live_audiences import AudienceStatus, LiveAudience

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Accounts by client, read at one moment; `recorded` holds the armed digests of clients whose store was asked."""

    taken_at: datetime
    accounts: Mapping[str, LiveAccount]
    recorded: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def snapshot_to_json(snapshot: Snapshot) -> str:
    """The text of a snapshot file, which `snapshot_from_json` reads."""
    data = {
        "format_version": FORMAT_VERSION,
        "taken_at": snapshot.taken_at.isoformat(),
        "accounts": {name: _account_to_data(live) for name, live in sorted(snapshot.accounts.items())},
        "recorded": {name: dict(sorted(digests.items())) for name, digests in sorted(snapshot.recorded.items())},
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def snapshot_from_json(text: str) -> Snapshot:
    """`UsageError` where the text is no snapshot of this version."""
    try:
        data = json.loads(text)
        if data["format_version"] != FORMAT_VERSION:
            raise UsageError(f"the snapshot has format version {data['format_version']}; this reads {FORMAT_VERSION}")
        accounts = {name: _account(live) for name, live in data["accounts"].items()}
        return Snapshot(datetime.fromisoformat(data["taken_at"]), accounts, data["recorded"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        hint = "make one with `lineform plan --save-snapshot FILE`"
        raise UsageError("this is not a snapshot file", hint=hint) from error


def _account_to_data(live: LiveAccount) -> dict[str, Any]:
    return {
        "bot": {
            "user_id": live.bot.user_id,
            "basic_id": live.bot.basic_id,
            "display_name": live.bot.display_name,
        },
        "quota": {"limit": live.quota.limit, "used": live.quota.used},
        "menus": [{"menu_id": m.menu_id, "has_image": m.has_image, "menu": dict(m.menu)} for m in live.menus],
        "aliases": dict(sorted(live.aliases.items())),
        "default": {"menu_id": live.default.menu_id, "foreign": live.default.foreign},
        "audiences": [audience_to_data(audience) for audience in live.audiences],
    }


def _account(data: dict[str, Any]) -> LiveAccount:
    return LiveAccount(
        bot=Bot(**data["bot"]),
        quota=Quota(**data["quota"]),
        menus=tuple(LiveMenu(menu["menu_id"], menu["menu"], menu["has_image"]) for menu in data["menus"]),
        aliases=data["aliases"],
        default=DefaultMenu(**data["default"]),
        audiences=tuple(audience_from_data(one) for one in data.get("audiences", ())),
    )


def audience_to_data(audience: LiveAudience) -> dict[str, Any]:
    """An audience as JSON values; it names nobody."""
    moments = {"created": audience.created, "expires": audience.expires}
    return {
        **asdict(audience),
        "status": audience.status.value,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }


def audience_from_data(data: dict[str, Any]) -> LiveAudience:
    """The audience that a snapshot holds as JSON values."""
    moments = {name: datetime.fromisoformat(data[name]) if data[name] else None for name in ("created", "expires")}
    return LiveAudience(**{**data, **moments, "status": AudienceStatus(data["status"])})
