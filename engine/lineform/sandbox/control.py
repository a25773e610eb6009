"""A small client for `/_sandbox/`, for demos and tests: no dependency beyond the standard library.

with SandboxServer() as server:
    control = Control(server.origin)
    account = control.add_account(token="t", plan_limit=200)
    friends = control.add_friends(account["name"], 3)
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from lineform.errors import LineformError

TIMEOUT = 60.0


class Control:
    """Speaks for the owner of the sandbox at `origin`. `account` is an account's name or bot id everywhere.

    Every method raises LineformError with the sandbox's own sentence when it refuses.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin.rstrip("/")
        self._base = self.origin + "/_sandbox/"
        # A proxy of the environment must never see what is meant for this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    # --- accounts
    def add_account(self, **settings: Any) -> dict[str, Any]:
        """Settings: token, bot_id, name, and every field of `lineform.sandbox.accounts.Settings`.

        Answers with name, bot_id, token, channel_id, channel_secret and the settings.
        """
        found: dict[str, Any] = self._call("POST", "accounts", settings)
        return found

    def accounts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._call("GET", "accounts")
        return found

    def account(self, account: str) -> dict[str, Any]:
        """Settings, number of friends, messages used and left, default menu and its owner."""
        found: dict[str, Any] = self._call("GET", _path(account))
        return found

    def change(self, account: str, **settings: Any) -> dict[str, Any]:
        """Change settings as if in the console (plan_limit, verified, target_reach, rate_limits ...)."""
        found: dict[str, Any] = self._call("PATCH", _path(account), settings)
        return found

    def add_token(self, account: str, token: str = "", *, kind: str = "long", seconds: float | None = None) -> str:
        """One more token, living `seconds` on the sandbox clock, or for ever."""
        body = _given(token=token, kind=kind, seconds=seconds)
        return str(self._call("POST", _path(account, "tokens"), body)["token"])

    def webhook(self, account: str, url: str | None = None, *, redelivery: bool | None = None) -> dict[str, Any]:
        """Where events go from now on, and whether what was not taken is delivered again; tells url, redelivery,
        channel_secret, and how often each event that was not taken was tried. An address here needs no TLS."""
        body = _given(url=url, redelivery=redelivery)
        found: dict[str, Any] = self._call("POST", _path(account, "webhook"), body)
        return found

    def register_key(self, account: str, jwk: dict[str, Any]) -> None:
        """Register a public key (JWK with kid, n, e) for signed token requests."""
        self._call("POST", _path(account, "keys"), jwk)

    def manager_menu(self, account: str, menu: dict[str, Any], *, default: bool = True) -> str:
        """A rich menu made in OA Manager, by default the account's default menu."""
        body = {"menu": menu, "default": default}
        return str(self._call("POST", _path(account, "manager-menu"), body)["richMenuId"])

    def fail_next_batch(self, account: str, *, after: int = 0) -> None:
        """The next rich menu batch moves `after` people and fails."""
        self._call("POST", _path(account, "fail-batch"), {"after": after})

    # --- audiences
    def audiences(self, account: str) -> list[dict[str, Any]]:
        """All of them as LINE shows them, with what it never tells: the `members` each has now."""
        found: list[dict[str, Any]] = self._call("GET", _path(account, "audiences"))
        return found

    def foreign_audience(self, account: str, description: str, **more: Any) -> int:
        """One made elsewhere and ready: type (CHAT_TAG by default), createRoute (OA_MANAGER), members (user ids)."""
        body = {"description": description, **more}
        return int(self._call("POST", _path(account, "audiences"), body)["audienceGroupId"])

    def change_audience(
        self, account: str, audience: int, *, status: str | None = None, members: list[str] | None = None
    ) -> dict[str, Any]:
        """Give it a status at once (READY, FAILED ...), or say who clicked or saw: no API call could."""
        body = _given(status=status, members=members)
        found: dict[str, Any] = self._call("PATCH", _path(account, "audiences", str(audience)), body)
        return found

    def fail_next_audience_job(self, account: str) -> None:
        """The next upload that ends, ends FAILED and brings nobody."""
        self._call("POST", _path(account, "fail-audience-job"), {})

    # --- people
    def add_friends(self, account: str, friends: int | list[dict[str, Any]] = 1) -> list[str]:
        """So many friends, or these: user_id, relation (friend, blocked, stranger, deleted), consent, followed_at
        (epoch seconds), displayName, language, pictureUrl, statusMessage, gender (male, female), age, appType, area.
        """
        body = {"count": friends} if isinstance(friends, int) else {"friends": friends}
        found: list[str] = self._call("POST", _path(account, "friends"), body)
        return found

    def friends(self, account: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._call("GET", _path(account, "friends"))
        return found

    def friend(self, account: str, user: str) -> dict[str, Any]:
        """relation, profile, linked_menu, the menu they see (with its richMenuId), and their messages in order."""
        found: dict[str, Any] = self._call("GET", _path(account, "friends", user))
        return found

    def block(self, account: str, user: str) -> dict[str, Any]:
        """The unfollow event."""
        return self._relation(account, user, "blocked")

    def unblock(self, account: str, user: str) -> dict[str, Any]:
        """The follow event; also how a stranger becomes a friend."""
        return self._relation(account, user, "friend")

    def follow(self, account: str, user: str) -> dict[str, Any]:
        return self._relation(account, user, "friend")

    def delete_user(self, account: str, user: str) -> None:
        """This person leaves LINE."""
        self._relation(account, user, "deleted")

    def _relation(self, account: str, user: str, relation: str) -> dict[str, Any]:
        found: dict[str, Any] = self._call("POST", _path(account, "friends", user, "relation"), {"relation": relation})
        return found

    def write(self, account: str, user: str, text: str) -> dict[str, Any]:
        """The message event of a text this person sends, with its replyToken."""
        found: dict[str, Any] = self._call("POST", _path(account, "friends", user, "write"), {"text": text})
        return found

    def unsend(self, account: str, user: str, message_id: str) -> dict[str, Any]:
        """The event of this person's taking back a message."""
        found: dict[str, Any] = self._call("POST", _path(account, "friends", user, "unsend"), {"message": message_id})
        return found

    def tap(self, account: str, user: str, area: int = 0, *, action: dict[str, Any] | None = None) -> dict[str, Any]:
        """Tap an area of the menu they see, or a message's button with this action: {"action", "event"}."""
        body = {"area": area} if action is None else {"action": action}
        found: dict[str, Any] = self._call("POST", _path(account, "friends", user, "tap"), body)
        return found

    def reply_token(self, account: str, user: str) -> str:
        """A reply token, alive for a minute of the sandbox clock."""
        return str(self._call("POST", _path(account, "friends", user, "reply-token"), {})["replyToken"])

    def link(self, account: str, link_token: str, nonce: str) -> dict[str, Any]:
        """The accountLink event of a person who comes back from the business with a nonce."""
        body = {"link_token": link_token, "nonce": nonce}
        found: dict[str, Any] = self._call("POST", _path(account, "link"), body)
        return found

    def id_token(self, account: str, user: str, channel: str) -> str:
        """What a page inside of this person's LINE is given by the channel of LINE Login."""
        return str(self._call("POST", _path(account, "friends", user, "id-token"), {"channel": channel})["id_token"])

    # --- what happened
    def deliveries(self, account: str, user: str | None = None, *, after: int = 0) -> list[dict[str, Any]]:
        """In order, one per request and friend: number, user, time, kind, path, request_id, retry_key, messages."""
        query = _given(user=user, after=after or None)
        found: list[dict[str, Any]] = self._call("GET", _path(account, "deliveries"), query=query)
        return found

    def events(self, account: str, *, after: int = 0) -> list[dict[str, Any]]:
        """Webhook events that people caused: number and event."""
        found: list[dict[str, Any]] = self._call("GET", _path(account, "events"), query={"after": after})
        return found

    def requests(self, *, after: int = 0) -> list[dict[str, Any]]:
        """Every call to LINE's paths and its answer: number, time, account, method, path, query, headers, body,
        status (None when cut), answer, answer_headers, request_id, fault.
        """
        found: list[dict[str, Any]] = self._call("GET", "requests", query={"after": after})
        return found

    def forget_requests(self) -> None:
        self._call("DELETE", "requests")

    # --- clock, faults, all of it
    def clock(self) -> dict[str, Any]:
        """now (ISO 8601, UTC), epoch (seconds), frozen."""
        found: dict[str, Any] = self._call("GET", "clock")
        return found

    def set_clock(self, moment: datetime | float, *, freeze: bool = True) -> dict[str, Any]:
        """Set the clock, standing still unless told otherwise; a datetime needs a time zone."""
        value = moment.isoformat() if isinstance(moment, datetime) else moment
        found: dict[str, Any] = self._call("POST", "clock", {"freeze" if freeze else "run": True, "set": value})
        return found

    def freeze(self) -> dict[str, Any]:
        found: dict[str, Any] = self._call("POST", "clock", {"freeze": True})
        return found

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the clock on, and have everything done that fell due meanwhile."""
        found: dict[str, Any] = self._call("POST", "clock", {"advance": seconds})
        return found

    def real_clock(self) -> dict[str, Any]:
        found: dict[str, Any] = self._call("POST", "clock", {"real": True})
        return found

    def fault(self, kind: str, **rule: Any) -> dict[str, Any]:
        """Arm a fault: kinds and rules as in `lineform.sandbox.faults`."""
        found: dict[str, Any] = self._call("POST", "faults", {"kind": kind, **rule})
        return found

    def faults(self) -> list[dict[str, Any]]:
        """The armed faults, with how many calls each has seen and met."""
        found: list[dict[str, Any]] = self._call("GET", "faults")
        return found

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def reset(self) -> None:
        """Forget accounts, people, requests and faults; the clock is real again."""
        self._call("POST", "reset", {})

    def _call(self, method: str, path: str, body: Any = None, query: dict[str, Any] | None = None) -> Any:
        url = self._base + path + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the origin is the caller's own sandbox
            url, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.read().decode(errors="replace"), error.code) from None


def _refusal(text: str, status: int) -> LineformError:
    try:
        told = json.loads(text)
        return LineformError(told["error"], hint=told.get("hint", ""))
    except (ValueError, KeyError, TypeError):
        return LineformError(f"the sandbox answered {status}: {text[:200]}")


def _path(account: str, *parts: str) -> str:
    return "/".join(["accounts", *(quote(part, safe="") for part in (account, *parts))])


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
