"""``/r/<client>/<route>``: where a poster's QR picture leads; and ``/liff/<client>``: who opens it.

LINE's event of a follow does not say by which way somebody came. What tells it is a LIFF app, whose ID token names the
person, friend or not; or a text with a code that the page writes into the chat.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from lineform.display.markup import div, element
from lineform.display.qr import KINDS, qr_picture
from lineform.ports.clock import Clock
from lineform.ports.friends import FriendRow
from lineform.ports.line_account import LineFailure, Refused
from lineform.run.options import Records
from lineform.scenarios.answering import EntryRoute
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.passes import FORM, MEMBER, Pass
from lineform.serve.doors import Deliver, Door, NotNow, Rooms, once
from lineform.serve.failing import failure_of
from lineform.serve.html import closed, page
from lineform.serve.liff_script import SCRIPT
from lineform.serve.logs import warn
from lineform.serve.requests import Unread, body_of, refusal

MOST_BYTES = 16 * 1024
BODY_SECONDS = 5.0
OPENED_FOR = timedelta(hours=1)
"""For how long a pass is good that a LIFF page was given."""


class Entrance:
    """The endpoints of routes and of the LIFF app."""

    def __init__(self, doors: Mapping[str, Door], records: Records, clock: Clock, deliver: Deliver) -> None:
        self._doors = doors
        self._records = records
        self._clock = clock
        self._deliver = deliver
        self._rooms = Rooms(records)

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/r/{client}/{route}", self.enter, methods=["GET"]),
            Route("/r/{client}/{route}/qr.{form}", self.picture, methods=["GET"]),
            Route("/liff/{client}", self.liff, methods=["GET"]),
            Route("/liff/{client}", self.told, methods=["POST"]),
        ]

    async def enter(self, request: Request) -> Response:
        """The page of a route; straight on where a LIFF app tells who comes."""
        found = await self._route(request)
        if found is None:
            return closed()
        door, route = found
        way = door.way_in(route.name)
        if door.entry is not None and door.entry.liff is not None:
            return RedirectResponse(way, 302, {"Cache-Control": "no-store"})
        return page(
            route.title,
            element("p", {"class": "soft"}, door.title),
            element("h1", None, route.title),
            div(
                "card",
                *([element("p", None, route.text)] if route.text else []),
                element("p", None, "友だち追加のあと、入力されている文をそのまま送信してください。"),
                element("a", {"class": "button", "href": way}, "LINEで友だち追加"),
            ),
            element("p", {"class": "soft"}, "パソコンでご覧の方は、スマートフォンでこちらを読み取ってください。"),
            element("img", {"class": "qr", "src": f"{request.url.path}/qr.svg", "alt": f"{route.title}のQRコード"}),
        )

    async def picture(self, request: Request) -> Response:
        """The route's QR picture, for the page and for posters."""
        found = await self._route(request)
        kind = request.path_params["form"]
        if found is None or kind not in KINDS:
            return closed()
        door, route = found
        picture = qr_picture(door.page("r", door.name, route.name), kind)
        return Response(picture, 200, {"Cache-Control": "max-age=3600"}, KINDS[kind])

    async def liff(self, request: Request) -> Response:
        """Runs LINE's own library, which tells who opens it, and goes on."""
        door = self._doors.get(request.path_params["client"])
        if door is None or door.entry is None or door.entry.liff is None:
            return closed()
        script = SCRIPT.replace("LIFF_ID", json.dumps(door.entry.liff))
        waiting = element("p", {"id": "said", "role": "status"}, "LINEを開いています…")
        return page(door.title, element("h1", None, door.title), div("card", waiting), script=script, line=True)

    async def told(self, request: Request) -> Response:
        """An ID token and what is to be opened; answers where to go."""
        door = self._doors.get(request.path_params["client"])
        if door is None or door.entry is None or door.entry.liff is None:
            return refusal(404, "nothing is here")
        try:
            value = json.loads(await body_of(request, MOST_BYTES, BODY_SECONDS))
        except Unread as unread:
            return unread.answer
        except (ValueError, RecursionError):
            return refusal(400, "the body is no JSON")
        wanted = {name: value.get(name) for name in ("id_token", "open", "name")} if isinstance(value, dict) else {}
        if not all(isinstance(one, str) and len(one) <= 8_000 for one in wanted.values()) or not wanted:
            return refusal(400, "id_token, open and name are expected")
        try:
            # The id of a LIFF app begins with that of its channel.
            user_id = await door.account.identify(door.entry.liff.partition("-")[0], str(wanted["id_token"]))
            return await self._goes_on(door, user_id, str(wanted["open"]), str(wanted["name"]), str(wanted["id_token"]))
        except Refused:
            return refusal(401, "LINE does not know this person")
        except (LineFailure, NotNow) as failure:
            warn("entrance failed", client=door.name, reason=failure_of(failure))
            return refusal(503, "LINE does not answer", **{"Retry-After": "5"})

    async def _goes_on(self, door: Door, user_id: str, what: str, name: str, token: str) -> Response:
        armed = await self._rooms.armed(door.name)
        if what == "route" and name in armed.routes:
            await self._touched(door, user_id, name, token)
            basic_id = (await door.account.bot()).basic_id
            return JSONResponse({"go": f"https://line.me/R/ti/p/{basic_id}"})
        ids = await self._records(self._records.store.friend_ids, door.name, [user_id])
        if user_id not in ids:
            return refusal(403, "only for friends")
        until = self._clock.now() + OPENED_FOR
        if what == "form" and (form := armed.forms.get(name)) is not None and form.page is not None:
            mine = Pass(FORM, name, ids[user_id], self._clock.now() + form.page.valid)
            return JSONResponse({"go": door.pass_page(mine)})
        if what == "member" and door.members is not None:
            return JSONResponse({"go": door.pass_page(Pass(MEMBER, "", ids[user_id], until))})
        return refusal(404, "nothing is here")

    async def _touched(self, door: Door, user_id: str, route: str, token: str) -> None:
        """Somebody came by a route: a friend at once, anybody else as soon as they follow."""
        store, now = self._records.store, self._clock.now()
        known = await self._records(store.friend_ids, door.name, [user_id])
        # Who is no friend cannot be reached: as of somebody who blocks the account.
        row = FriendRow(user_id, route=route, blocked=None if user_id in known else True)
        await self._records(store.import_friends, door.name, [row], now)
        if user_id in known:
            key = f"route/{once(door.name, route, token)}"
            await self._deliver(door.name, Happening(key, known[user_id], What.ROUTE, now, route))

    async def _route(self, request: Request) -> tuple[Door, EntryRoute] | None:
        door = self._doors.get(request.path_params["client"])
        if door is None or door.entry is None:
            return None
        route = (await self._rooms.armed(door.name)).routes.get(request.path_params["route"])
        return None if route is None else (door, route)
