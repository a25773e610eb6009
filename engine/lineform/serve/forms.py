"""``/f/<client>/<pass>``: a form as one page inside LINE.

The pass in the address is all that opens it: there is no cookie, so no other site can send anything in a friend's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from lineform.ports.clock import Clock
from lineform.run.options import Records
from lineform.scenarios.dialogue import Form
from lineform.scenarios.filling import Fields, fill
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.passes import FORM, Pass, read_pass
from lineform.segments.friend import Friend, Value
from lineform.serve.doors import Deliver, Door, NotNow, Rooms, once
from lineform.serve.form_html import form_page, written
from lineform.serve.html import closed, notice
from lineform.serve.logs import warn
from lineform.serve.requests import Unread, body_of, refusal

MOST_BYTES = 64 * 1024
MOST_FIELDS = 200
BODY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Opened:
    """A page that a pass opens."""

    door: Door
    mine: Pass
    form: Form
    friend: Friend


class FormPages:
    """The endpoints of forms."""

    def __init__(self, doors: Mapping[str, Door], records: Records, clock: Clock, deliver: Deliver) -> None:
        self._doors = doors
        self._records = records
        self._clock = clock
        self._deliver = deliver
        self._rooms = Rooms(records)

    @property
    def routes(self) -> list[Route]:
        path = "/f/{client}/{mine}"
        return [
            Route(path, self.show, methods=["GET"]),
            Route(path, self.take, methods=["POST"]),
            Route(f"{path}/thanks", self.thanks, methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        """The form, with what was answered of it in the chat."""
        opened = await self._opened(request)
        if opened is None:
            return closed()
        now = self._clock.now()
        standings = await self._records(self._records.store.standings, opened.door.name, [opened.friend.id])
        standing = standings.get(opened.friend.id)
        talk = standing.dialogues.get(opened.form.name) if standing is not None else None
        fields = written(talk.answers, opened.form.questions) if talk is not None else {}
        filled = fill(opened.form, fields, opened.friend, now)
        return form_page(opened.form, filled, fields, opened.form.today(now), told=False)

    async def take(self, request: Request) -> Response:
        """What was sent: shown again with what is missing, or lived through, once for each pass."""
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return refusal(403, "this page takes nothing from other sites")
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
            return refusal(415, "a form is expected")
        opened = await self._opened(request)
        if opened is None:
            return closed()
        try:
            fields = _fields(await body_of(request, MOST_BYTES, BODY_SECONDS), opened.form)
        except Unread as unread:
            return unread.answer
        except ValueError:
            return refusal(400, "the form cannot be read")
        now = self._clock.now()
        filled = fill(opened.form, fields, opened.friend, now)
        if filled.wrong or filled.open:
            return form_page(opened.form, filled, fields, opened.form.today(now), told=True)
        key = f"page/{once(opened.door.name, request.path_params['mine'])}"
        sent = Happening(key, opened.friend.id, What.PAGE, now, opened.form.name, fields=fields)
        try:
            await self._deliver(opened.door.name, sent)
        except NotNow as failure:
            warn("form failed", client=opened.door.name, reason=str(failure))
            said = "入力した内容は、まだ送信されていません。", "しばらくしてから、もう一度お試しください。"
            return notice("ただいま送信できません", *said, status=503)
        return RedirectResponse(f"{request.url.path}/thanks", 303, {"Cache-Control": "no-store"})

    async def thanks(self, request: Request) -> Response:
        """After it was sent."""
        opened = await self._opened(request)
        if opened is None or opened.form.page is None:
            return closed()
        return notice("送信しました", opened.form.page.thanks, "この画面は閉じて大丈夫です。")

    async def _opened(self, request: Request) -> _Opened | None:
        door = self._doors.get(request.path_params["client"])
        if door is None:
            return None
        mine = read_pass(door.keys, door.name, request.path_params["mine"], self._clock.now())
        if mine is None or mine.purpose != FORM:
            return None
        form = (await self._rooms.armed(door.name)).forms.get(mine.name)
        found = await self._records(self._records.store.friends, door.name, [mine.friend])
        if form is None or form.page is None or not found or found[0].blocked:
            return None
        return _Opened(door, mine, form, found[0])


def _fields(body: bytes, form: Form) -> Fields:
    """The fields of this form that a browser sent; raises ValueError where it cannot be read."""
    known = {question.field for question in form.questions}
    found: dict[str, list[str]] = {}
    text, strict = body.decode("utf-8"), bool(body)
    for name, value in parse_qsl(text, keep_blank_values=True, strict_parsing=strict, max_num_fields=MOST_FIELDS):
        if name in known:
            # Browsers send a text's line ends as two characters.
            found.setdefault(name, []).append(value.replace("\r\n", "\n"))
    out: dict[str, Value] = {name: tuple(values) for name, values in found.items()}
    return out
