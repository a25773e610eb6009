"""LINE's account link, both ways: https://developers.line.biz/en/docs/messaging-api/linking-accounts/.

1. A friend opens ``/m/<client>/<pass>``. LINE gives a link token, and the business's own login page is opened with it.
2. The business knows its member, asks ``POST /link/<client>`` for a nonce, and leads on to LINE with both.
3. LINE's webhook brings the nonce back: from then on the friend is this member.

Nonces are drawn from 256 bits, kept as a hash, good once and for ten minutes. ``POST /unlink/<client>`` ends a link.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from lineform.plural import plural
from lineform.ports.audit import AuditEntry
from lineform.ports.clock import Clock
from lineform.ports.conversations import MemberNonce
from lineform.ports.friends import FriendRow
from lineform.ports.line_account import LineFailure, NotFound
from lineform.run.options import Records
from lineform.scenarios.passes import MEMBER, read_pass
from lineform.segments.friend import LONGEST_ID
from lineform.serve.arrivals import key_hash
from lineform.serve.doors import Door
from lineform.serve.failing import failure_of
from lineform.serve.html import closed, notice
from lineform.serve.logs import warn
from lineform.serve.redeeming import nonce_hash
from lineform.serve.requests import Unread, body_of, refusal

GOOD_FOR = timedelta(minutes=10)
"""How long a nonce is good: as long as the link token that it is used with."""
MOST_BYTES = 16 * 1024
BODY_SECONDS = 5.0
LINE_LINK = "https://access.line.me/dialog/bot/accountLink"


class Linking:
    """The endpoints of member links. `opened_by` tells which client an intake key opens, by the key's hash."""

    def __init__(self, doors: Mapping[str, Door], records: Records, clock: Clock) -> None:
        self._doors = doors
        self._records = records
        self._clock = clock

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/m/{client}/{mine}", self.begin, methods=["GET"]),
            Route("/link/{client}", self.nonce, methods=["POST"]),
            Route("/unlink/{client}", self.unlink, methods=["POST"]),
        ]

    async def begin(self, request: Request) -> Response:
        """A friend goes to the business's login, with a token of LINE's."""
        door = self._doors.get(request.path_params["client"])
        if door is None or door.members is None:
            return closed()
        mine = read_pass(door.keys, door.name, request.path_params["mine"], self._clock.now())
        if mine is None or mine.purpose != MEMBER:
            return closed()
        ids = await self._records(self._records.store.line_ids, door.name, [mine.friend])
        if mine.friend not in ids:
            return closed()
        try:
            token = await door.account.link_token(ids[mine.friend])
        except NotFound:
            return closed()
        except LineFailure as failure:
            warn("linking failed", client=door.name, reason=failure_of(failure))
            return notice("ただいま連携できません", "しばらくしてから、もう一度お試しください。")
        joint = "&" if urlsplit(door.members.login).query else "?"
        address = f"{door.members.login}{joint}{urlencode({'linkToken': token})}"
        return RedirectResponse(address, 302, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})

    async def nonce(self, request: Request) -> Response:
        """The business says who logged in, and is given a nonce; with LINE's link token, the whole address."""
        asked = await self._asked(request)
        if isinstance(asked, Response):
            return asked
        door, value = asked
        token = value.get("link_token", "")
        if not isinstance(token, str) or len(token) > 1_000:
            return refusal(400, "link_token is a text")
        nonce = secrets.token_urlsafe(32)
        now = self._clock.now()
        kept = MemberNonce(nonce_hash(nonce), str(value["member_id"]), now + GOOD_FOR)
        await self._records(self._records.store.keep_nonces, door.name, [kept], now)
        answer = {"nonce": nonce, "expires_in": int(GOOD_FOR.total_seconds())}
        if token:
            answer["url"] = f"{LINE_LINK}?{urlencode({'linkToken': token, 'nonce': nonce})}"
        return JSONResponse(answer, 201, {"Cache-Control": "no-store"})

    async def unlink(self, request: Request) -> Response:
        """The business ends a member's link; LINE itself keeps none."""
        asked = await self._asked(request)
        if isinstance(asked, Response):
            return asked
        door, value = asked
        store, member, now = self._records.store, str(value["member_id"]), self._clock.now()
        found = await self._records(store.user_ids_of_members, door.name, [member])
        rows = [FriendRow(user_id, member_id="") for user_id in found.get(member, ())]
        if rows:
            await self._records(store.import_friends, door.name, rows, now)
            entry = AuditEntry(now, door.name, "link", "unlinked", "a member", plural(len(rows), "friend"))
            await self._records(store.note, entry)
        return JSONResponse({"unlinked": len(rows)}, headers={"Cache-Control": "no-store"})

    async def _asked(self, request: Request) -> tuple[Door, Mapping[str, object]] | Response:
        """A system of the business with its key, and what it says; or the refusal."""
        name = request.path_params["client"]
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        opens = ""
        if scheme.lower() == "bearer" and 0 < len(key.strip()) <= 200:
            opens = await self._records(self._records.store.opened_by, key_hash(key.strip()))
        door = self._doors.get(name)
        if door is None or opens != name:
            return refusal(401, "the key does not open this client", **{"WWW-Authenticate": "Bearer"})
        try:
            value = json.loads(await body_of(request, MOST_BYTES, BODY_SECONDS))
        except Unread as unread:
            return unread.answer
        except (ValueError, RecursionError):
            return refusal(400, "the body is no JSON")
        member = value.get("member_id") if isinstance(value, dict) else None
        if not isinstance(member, str) or not 0 < len(member) <= LONGEST_ID or not member.isprintable():
            return refusal(400, f"member_id is a text of 1 to {LONGEST_ID} characters")
        return door, value
