"""`/_sandbox/`: the console of the offline account over HTTP, in JSON. Errors are {"error", "hint"} with status 400."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lineform.errors import LineformError
from lineform.sandbox import audience_desk, console, people
from lineform.sandbox.api import identity
from lineform.sandbox.faults import Fault, Faults
from lineform.sandbox.gate import Gate
from lineform.sandbox.pages import start_page
from lineform.sandbox.phone import phone_page, phone_parts
from lineform.sandbox.world import World

Work = Callable[[World, Request, dict[str, Any]], Any]


class Control:
    """Runs the console's functions, each as one transaction."""

    def __init__(self, world: World, gate: Gate, faults: Faults) -> None:
        self._world = world
        self._gate = gate
        self._faults = faults

    def app(self) -> Starlette:
        base = "/_sandbox/accounts/{account}"
        user = f"{base}/friends/{{user}}"
        routes = [
            self._route("GET", "/_sandbox/clock", lambda w, r, b: console.describe_clock(w.clock)),
            self._route("POST", "/_sandbox/clock", self._set_clock),
            self._route("GET", "/_sandbox/faults", lambda w, r, b: self._faults.describe()),
            self._route("POST", "/_sandbox/faults", self._arm),
            self._route("DELETE", "/_sandbox/faults", lambda w, r, b: self._faults.clear()),
            self._route("GET", "/_sandbox/requests", lambda w, r, b: console.requests(w, _after(r))),
            self._route("DELETE", "/_sandbox/requests", lambda w, r, b: w.state.run("delete from requests")),
            self._route("POST", "/_sandbox/reset", self._reset),
            self._route("GET", "/_sandbox/accounts", _accounts),
            self._route("POST", "/_sandbox/accounts", lambda w, r, b: console.add_account(w, b)),
            self._route("GET", base, lambda w, r, b: console.describe(w, _account(w, r))),
            self._route("PATCH", base, lambda w, r, b: console.change_settings(w, _account(w, r), b)),
            self._route("GET", f"{base}/friends", lambda w, r, b: console.people_list(w, _account(w, r))),
            self._route("POST", f"{base}/friends", _add_friends),
            self._route("GET", f"{base}/deliveries", _deliveries),
            self._route("GET", f"{base}/events", lambda w, r, b: console.events(w, _account(w, r), _after(r))),
            self._route("POST", f"{base}/tokens", _new_token),
            self._route("POST", f"{base}/webhook", lambda w, r, b: console.set_webhook(w, _account(w, r), b)),
            self._route("POST", f"{base}/keys", lambda w, r, b: console.register_key(w, _account(w, r), b)),
            self._route("POST", f"{base}/manager-menu", _manager_menu),
            self._route("POST", f"{base}/fail-batch", _fail_batch),
            self._route("GET", f"{base}/audiences", lambda w, r, b: audience_desk.describe_all(w, _account(w, r))),
            self._route("POST", f"{base}/audiences", lambda w, r, b: audience_desk.foreign(w, _account(w, r), b)),
            self._route("POST", f"{base}/fail-audience-job", lambda w, r, b: audience_desk.fail_job(w, _account(w, r))),
            self._route("PATCH", f"{base}/audiences/{{number:int}}", _change_audience),
            self._route("GET", user, lambda w, r, b: console.friend(w, _account(w, r), _user(r))),
            self._route("POST", f"{user}/relation", _relation),
            self._route("POST", f"{user}/write", _write),
            self._route("POST", f"{user}/unsend", _unsend),
            self._route("POST", f"{user}/id-token", _id_token),
            self._route("POST", f"{base}/link", _link),
            self._route("POST", f"{user}/tap", _tap),
            self._route("POST", f"{user}/reply-token", _reply_token),
            Route("/_sandbox/", self._start, methods=["GET"]),
            Route("/_sandbox/phone/{account}/{user}", self._phone, methods=["GET"]),
            Route(f"{user}/phone", self._phone_parts, methods=["GET"]),
        ]
        return Starlette(routes=routes, exception_handlers={LineformError: _refused})

    def _route(self, method: str, path: str, work: Work) -> Route:
        async def endpoint(request: Request) -> Response:
            body = await _body(request)
            return JSONResponse(self.transact(lambda: work(self._world, request, body)))

        return Route(path, endpoint, methods=[method])

    def transact(self, work: Callable[[], Any]) -> Any:
        """Runs work on the world as one transaction."""
        state = self._world.state
        state.begin()
        try:
            self._world.settle()
            found = work()
            state.commit()
        except BaseException:
            state.rollback()
            self._world.look_for_jobs()
            raise
        return found

    def _set_clock(self, world: World, request: Request, body: dict[str, Any]) -> Any:
        before = world.clock.now()
        console.set_clock(world.clock, body)
        if world.clock.now() < before:
            self._gate.forget_rates()
        world.state.remember("clock", world.clock.save())
        world.settle()
        return console.describe_clock(world.clock)

    def _arm(self, world: World, request: Request, body: dict[str, Any]) -> Any:
        fault = Fault.parse(body)
        self._faults.arm(fault)
        return fault.describe()

    def _reset(self, world: World, request: Request, body: dict[str, Any]) -> Any:
        world.state.clear()
        world.clock.be_real()
        world.look_for_jobs()
        self._faults.clear()
        self._gate.forget_rates()
        return {}

    async def _start(self, request: Request) -> Response:
        await asyncio.sleep(0)
        return Response(self.transact(lambda: start_page(self._world)), media_type="text/html")

    async def _phone(self, request: Request) -> Response:
        await asyncio.sleep(0)

        def page() -> str:
            return phone_page(self._world, _account(self._world, request), _user(request))

        return Response(self.transact(page), media_type="text/html")

    async def _phone_parts(self, request: Request) -> Response:
        await asyncio.sleep(0)

        def parts() -> str:
            return phone_parts(self._world, _account(self._world, request), _user(request))

        return Response(self.transact(parts), media_type="text/html")


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if not raw:
        return {}
    try:
        value = json.loads(raw)
    except ValueError:
        raise HTTPException(400, "the body is no JSON") from None
    if not isinstance(value, dict):
        raise HTTPException(400, "the body must be a JSON object")
    return value


async def _refused(request: Request, error: Exception) -> Response:
    hint = error.hint if isinstance(error, LineformError) else ""
    return JSONResponse({"error": str(error), "hint": hint}, status_code=400)


def _account(world: World, request: Request) -> Any:
    return console.find_account(world, request.path_params["account"])


def _user(request: Request) -> str:
    return str(request.path_params["user"])


def _after(request: Request) -> int:
    text = request.query_params.get("after", "0")
    if not text.isdigit():
        raise HTTPException(400, "after must be a number")
    return int(text)


def _accounts(world: World, request: Request, body: dict[str, Any]) -> Any:
    rows = world.state.all("select id from accounts order by id")
    return [console.describe(world, world.account(row["id"])) for row in rows]


def _add_friends(world: World, request: Request, body: dict[str, Any]) -> Any:
    profiles = body.get("friends")
    if profiles is None:
        profiles = [{} for _ in range(int(body.get("count", 1)))]
    return people.add_people(world, _account(world, request), profiles, world.clock.now())


def _deliveries(world: World, request: Request, body: dict[str, Any]) -> Any:
    user = request.query_params.get("user")
    return console.deliveries(world, _account(world, request), user, _after(request))


def _new_token(world: World, request: Request, body: dict[str, Any]) -> Any:
    account = _account(world, request)
    kind, life = body.get("kind", "long"), body.get("seconds")
    return {"token": console.new_token(world, account, kind, life, body.get("token", ""))}


def _manager_menu(world: World, request: Request, body: dict[str, Any]) -> Any:
    menu, default = body.get("menu"), bool(body.get("default", True))
    if not isinstance(menu, dict):
        raise HTTPException(400, "give the menu as an object under 'menu'")
    return {"richMenuId": console.manager_menu(world, _account(world, request), menu, default=default)}


def _fail_batch(world: World, request: Request, body: dict[str, Any]) -> Any:
    console.fail_next_batch(world, _account(world, request), int(body.get("after", 0)))
    return {}


def _change_audience(world: World, request: Request, body: dict[str, Any]) -> Any:
    return audience_desk.change(world, _account(world, request), request.path_params["number"], body)


def _relation(world: World, request: Request, body: dict[str, Any]) -> Any:
    account, now = _account(world, request), world.clock.now()
    return people.set_relation(world, account, _user(request), str(body.get("relation", "")), now)


def _unsend(world: World, request: Request, body: dict[str, Any]) -> Any:
    message = str(body.get("message", ""))
    return people.unsend(world, _account(world, request), _user(request), message, world.clock.now())


def _write(world: World, request: Request, body: dict[str, Any]) -> Any:
    return people.write(world, _account(world, request), _user(request), str(body.get("text", "")), world.clock.now())


def _tap(world: World, request: Request, body: dict[str, Any]) -> Any:
    account, user, now = _account(world, request), _user(request), world.clock.now()
    if "action" in body:
        return people.tap_message(world, account, user, body["action"], now)
    return people.tap(world, account, user, int(body.get("area", 0)), now)


def _link(world: World, request: Request, body: dict[str, Any]) -> Any:
    token, nonce = str(body.get("link_token", "")), str(body.get("nonce", ""))
    return identity.link(world, _account(world, request), token, nonce, world.clock.now())


def _id_token(world: World, request: Request, body: dict[str, Any]) -> Any:
    account, channel = _account(world, request), str(body.get("channel", ""))
    return {"id_token": identity.id_token(world, account, _user(request), channel, world.clock.now())}


def _reply_token(world: World, request: Request, body: dict[str, Any]) -> Any:
    account, user = _account(world, request), _user(request)
    people.person(world, account, user)
    return {"replyToken": people.reply_token(world, account, user, world.clock.now())}
