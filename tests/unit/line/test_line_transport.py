"""Faults of the wire: what a caller hears of them, how often a request goes out, and where the token never is."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol, TypeVar
from uuid import UUID

import pytest
from aiohttp import web

from lineform.line import wire
from lineform.line.account import HttpLineAccount, open_account
from lineform.line.over_aiohttp import AiohttpWire
from lineform.line.over_pyreqwest import PyreqwestWire
from lineform.line.transport import OpenWire
from lineform.lineapi.routes import Route
from lineform.planning.live_audiences import AudienceStatus
from lineform.ports.line_account import (
    CallRecord,
    LineFailure,
    NotWanted,
    OutcomeUnknown,
    QuotaExceeded,
    RateLimited,
    Refused,
    TooManyToOne,
    Unauthorised,
)
from lineform.wiring.clock import SettableClock
from support.line_stub import NOON, REQUEST_ID, TOKEN, LineStub, Reply, cuts, line_stub, says

T = TypeVar("T")
KEY = UUID("123e4567-e89b-42d3-a456-426614174000")
RATE = {"message": "The API rate limit has been exceeded. Try again later."}


class Talk(Protocol):
    """What the action returns or raises against a stub with these replies, and the stub."""

    def __call__(
        self, action: Callable[[HttpLineAccount], Awaitable[T]], *replies: Reply, timeout: float = 5.0
    ) -> tuple[T | LineFailure, LineStub]: ...


@pytest.fixture(params=[AiohttpWire, PyreqwestWire])
def open_wire(request: pytest.FixtureRequest) -> OpenWire:
    """Every library that bytes may go through keeps the same promises."""
    made: OpenWire = request.param
    return made


@pytest.fixture
def talk(open_wire: OpenWire) -> Talk:
    def talked(
        action: Callable[[HttpLineAccount], Awaitable[T]], *replies: Reply, timeout: float = 5.0
    ) -> tuple[T | LineFailure, LineStub]:
        async def main() -> tuple[T | LineFailure, LineStub]:
            clock = SettableClock(NOON)
            async with (
                line_stub(*replies) as stub,
                open_account(stub.origin, TOKEN, clock, timeout=timeout, wire=open_wire) as account,
            ):
                try:
                    return await action(account), stub
                except LineFailure as failure:
                    return failure, stub

        return asyncio.run(main())

    return talked


def send(account: HttpLineAccount) -> Awaitable[object]:
    return account.send(Route.PUSH, b'{"messages":[]}', KEY)


def create(account: HttpLineAccount) -> Awaitable[str]:
    return account.create_menu({"name": "x"})


async def stalls(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.Response()


async def cuts_in_the_middle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000", "X-Line-Request-Id": REQUEST_ID})
    await response.prepare(request)
    await response.write(b'{"a":')
    assert request.transport is not None
    request.transport.abort()
    return response


async def speaks_no_http(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.write(b"SSH-2.0-dropbear\r\n\r\n")
    request.transport.close()
    return web.Response()


@pytest.mark.parametrize("reply", [cuts, cuts_in_the_middle, speaks_no_http, says(500), says(503), says(302)])
def test_a_write_without_a_whole_answer_is_unknown_and_goes_out_once(talk: Talk, reply: Reply) -> None:
    failure, stub = talk(create, reply)
    assert isinstance(failure, OutcomeUnknown)
    assert len(stub.seen) == 1


@pytest.mark.parametrize("reply", [cuts, cuts_in_the_middle, says(500), says(302, location="/elsewhere")])
def test_a_send_without_a_whole_answer_is_unknown_and_goes_out_once(talk: Talk, reply: Reply) -> None:
    failure, stub = talk(send, reply)
    assert isinstance(failure, OutcomeUnknown)
    assert [seen.path for seen in stub.seen] == ["/v2/bot/message/push"]


@pytest.mark.parametrize("reply", [cuts, cuts_in_the_middle, speaks_no_http, says(500)])
def test_neither_an_upload_nor_a_deletion_goes_out_twice(talk: Talk, reply: Reply) -> None:
    """aiohttp would send PUT and DELETE again after a cut connection."""
    added, upload = talk(lambda a: a.add_to_audience(5, "second", ["U" + "1" * 32]), reply)
    deleted, deletion = talk(lambda a: a.delete_audience(5), reply)
    assert isinstance(added, OutcomeUnknown)
    assert isinstance(deleted, OutcomeUnknown)
    assert [seen.method for seen in (*upload.seen, *deletion.seen)] == ["PUT", "DELETE"]


def test_an_upload_of_ids_is_waited_for_longer_than_other_calls(talk: Talk) -> None:
    async def slow(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.4)
        return web.json_response({"audienceGroupId": 7}, status=202)

    made, _ = talk(lambda a: a.create_audience("x", "first", []), slow, timeout=0.2)
    renamed, _ = talk(lambda a: a.rename_audience(7, "y"), slow, timeout=0.2)
    assert made == 7
    assert isinstance(renamed, OutcomeUnknown)


def test_an_audience_of_which_line_tells_little_is_still_read(talk: Talk) -> None:
    """LINE's reference calls these properties required, its OpenAPI does not, and words are added without notice."""
    bare = {"audienceGroupId": 1}
    new = {"audienceGroupId": 2, "status": "DREAMING", "more": True}
    pages = says(200, {"audienceGroups": [bare, new], "hasNextPage": True}), says(200, {"audienceGroups": []})
    found, stub = talk(lambda a: a.audiences(), *pages)
    assert not isinstance(found, LineFailure)
    assert [(one.id, one.status, one.created, one.writable) for one in found] == [
        (1, AudienceStatus.OTHER, None, False),
        (2, AudienceStatus.OTHER, None, False),
    ]
    assert [seen.query["page"] for seen in stub.seen] == ["1", "2"]


def test_more_ids_than_one_call_takes_are_a_mistake_of_ours(talk: Talk) -> None:
    ids = [f"U{number:032x}" for number in range(10_001)]
    with pytest.raises(ValueError, match="10000 ids at most, not 10001"):
        talk(lambda a: a.add_to_audience(5, "second", ids), says(202))


def test_a_call_that_is_cut_off_ends_at_once(open_wire: OpenWire) -> None:
    async def main() -> None:
        async with (
            line_stub(stalls) as stub,
            open_account(stub.origin, TOKEN, SettableClock(NOON), wire=open_wire) as account,
        ):
            call = asyncio.ensure_future(send(account))
            await asyncio.sleep(0.1)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

    start = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - start < 4


def test_silence_ends_at_the_time_out(talk: Talk) -> None:
    failure, stub = talk(create, stalls, timeout=0.2)
    assert isinstance(failure, OutcomeUnknown)
    assert str(failure) == "POST /v2/bot/richmenu: no answer within 0.2 seconds"
    assert len(stub.seen) == 1


def test_nobody_listening_is_said_with_the_host(open_wire: OpenWire) -> None:
    async def main() -> None:
        async with open_account("http://127.0.0.1:1", TOKEN, SettableClock(NOON), wire=open_wire) as account:
            await account.create_menu({})

    with pytest.raises(OutcomeUnknown, match=r"no connection to 127\.0\.0\.1"):
        asyncio.run(main())


def test_a_proxy_that_opens_no_tunnel_is_said(open_wire: OpenWire) -> None:
    async def main() -> None:
        # A web server is no proxy: it refuses the tunnel.
        async with (
            line_stub(says(200)) as proxy,
            open_account(None, TOKEN, SettableClock(NOON), proxy=proxy.origin, wire=open_wire) as account,
        ):
            await account.create_menu({})

    with pytest.raises(OutcomeUnknown, match="POST /v2/bot/richmenu: the proxy refused"):
        asyncio.run(main())


@pytest.mark.parametrize("proxy", ["http://user:secret-word@", "http://user:secret-word@proxy:99999"])
def test_a_proxy_that_is_no_address_is_said_without_its_password(open_wire: OpenWire, proxy: str) -> None:
    async def main() -> None:
        clock = SettableClock(NOON)
        async with open_account(None, TOKEN, clock, proxy=proxy, wire=open_wire) as account:
            await account.create_menu({})

    with pytest.raises(OutcomeUnknown, match=r"the address of LINE or of the proxy cannot be used") as caught:
        asyncio.run(main())
    assert "secret-word" not in "".join(traceback.format_exception(caught.value))


def test_a_name_that_nobody_knows_is_said(open_wire: OpenWire) -> None:
    async def main() -> None:
        async with open_account("http://line.invalid", TOKEN, SettableClock(NOON), wire=open_wire) as account:
            await account.create_menu({})

    with pytest.raises(OutcomeUnknown, match=r"no connection to line\.invalid: its name is unknown"):
        asyncio.run(main())


def test_a_server_that_nobody_vouches_for_gets_nothing(open_wire: OpenWire, tmp_path: Path) -> None:
    """A certificate of the server's own making."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    named = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", *kind, *named, "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=context)
        origin = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, open_account(origin, TOKEN, SettableClock(NOON), wire=open_wire) as account:
            await account.create_menu({})

    with pytest.raises(OutcomeUnknown, match="the certificate of the server cannot be trusted"):
        asyncio.run(main())
    assert not any(heard)


def test_a_connection_that_is_kept_is_used_again(open_wire: OpenWire) -> None:
    """And the answers are read to their end: nothing of one is left for the next."""
    ports: set[object] = set()

    async def menus(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername"))
        return web.json_response({"richMenuId": f"richmenu-{len(ports)}"})

    async def main() -> list[str]:
        async with (
            line_stub(menus) as stub,
            open_account(stub.origin, TOKEN, SettableClock(NOON), wire=open_wire) as account,
        ):
            return [await account.create_menu({}) for _ in range(5)]

    assert asyncio.run(main()) == ["richmenu-1"] * 5


def test_a_connection_that_was_closed_meanwhile_makes_no_second_request(open_wire: OpenWire) -> None:
    """What was written to it may have arrived, so it is told and not sent again."""
    made = {"richMenuId": "richmenu-1"}

    async def main() -> LineStub:
        async with (
            line_stub(says(200, made), cuts, says(200, made)) as stub,
            open_account(stub.origin, TOKEN, SettableClock(NOON), wire=open_wire) as account,
        ):
            await account.create_menu({})
            with pytest.raises(OutcomeUnknown):
                await account.create_menu({})
            return stub

    assert len(asyncio.run(main()).seen) == 2


def test_a_post_without_a_body_states_its_length(talk: Talk) -> None:
    """Without it LINE's edge has answered 411."""
    _, stub = talk(lambda account: account.set_default_menu("richmenu-1"), says(200))
    assert stub.seen[0].headers["content-length"] == "0"
    assert "content-type" not in stub.seen[0].headers


def test_a_read_is_tried_again_after_faults_and_then_answered(talk: Talk) -> None:
    info = says(200, {"userId": "U" + "1" * 32, "basicId": "@a", "displayName": "A"})
    bot, stub = talk(lambda a: a.bot(), cuts, says(503), says(429, RATE), info)
    assert not isinstance(bot, LineFailure)
    assert bot.user_id == "U" + "1" * 32
    assert len(stub.seen) == 4


def test_a_read_is_given_up_after_three_repetitions(talk: Talk) -> None:
    failure, stub = talk(lambda a: a.menus(), says(500))
    assert isinstance(failure, OutcomeUnknown)
    assert len(stub.seen) == 4


def test_a_refused_read_is_not_repeated(talk: Talk) -> None:
    failure, stub = talk(lambda a: a.menus(), says(400, {"message": "no"}))
    assert isinstance(failure, Refused)
    assert len(stub.seen) == 1


def test_a_refused_rate_is_not_repeated_for_a_send_and_says_when_to_come_back(talk: Talk) -> None:
    failure, stub = talk(send, says(429, RATE))
    assert isinstance(failure, RateLimited)
    assert failure.retry_after > 0
    assert len(stub.seen) == 1


def test_too_much_of_one_friend_slows_nothing_down(talk: Talk) -> None:
    failure, stub = talk(send, says(429, {"message": "You have sent too many messages to this user"}))
    assert isinstance(failure, TooManyToOne)
    assert failure.retry_after == 0, "the pace was not told"
    assert len(stub.seen) == 1


def test_a_call_that_is_wanted_no_more_when_its_turn_comes_is_not_made(talk: Talk) -> None:
    failure, stub = talk(lambda a: a.send(Route.PUSH, b"{}", KEY, lambda: False), says(200))
    assert isinstance(failure, NotWanted)
    assert stub.seen == []


def test_a_used_up_month_is_no_rate(talk: Talk) -> None:
    failure, _ = talk(send, says(429, {"message": "You have reached your monthly limit."}))
    assert isinstance(failure, QuotaExceeded)


def test_an_answer_bigger_than_any_of_line_is_refused(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ANSWER_BYTES", 1000)
    failure, _ = talk(create, says(200, b'{"richMenuId":"' + b"x" * 200_000 + b'"}'))
    assert isinstance(failure, OutcomeUnknown)
    assert "bigger" in str(failure)


def test_of_a_huge_error_only_the_beginning_is_read(talk: Talk) -> None:
    failure, _ = talk(create, says(400, b"x" * 3_000_000))
    assert isinstance(failure, Refused)
    assert len(str(failure)) < 3000


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b"{", b"[" * 100_000, {"richMenuId": None}, {}])
def test_a_success_that_says_nothing_is_unknown(talk: Talk, body: object) -> None:
    failure, _ = talk(create, says(200, body or b""))
    assert isinstance(failure, OutcomeUnknown)


def test_a_redirect_is_not_followed(talk: Talk) -> None:
    _, stub = talk(create, says(307, location="/v2/bot/info"))
    assert [seen.path for seen in stub.seen] == ["/v2/bot/richmenu"]


def test_calls_are_recorded_without_user_ids_and_without_the_query(open_wire: OpenWire) -> None:
    records: list[CallRecord] = []

    async def main() -> None:
        profile = says(200, {"userId": "U" + "a" * 32, "displayName": "あ"})
        async with (
            line_stub(profile, says(200, {"userIds": []})) as stub,
            open_account(stub.origin, TOKEN, SettableClock(NOON), on_call=records.append, wire=open_wire) as account,
        ):
            await account.profile("U" + "a" * 32)
            await account.followers("next-token")

    asyncio.run(main())
    assert records == [
        CallRecord(NOON, "GET", "/v2/bot/profile/{userId}", 200, REQUEST_ID),
        CallRecord(NOON, "GET", "/v2/bot/followers/ids", 200, REQUEST_ID),
    ]


@pytest.mark.parametrize(
    "reply",
    [
        cuts,
        cuts_in_the_middle,
        speaks_no_http,
        says(401, {"message": f"Authentication failed for Bearer {TOKEN}"}),
        says(400, {"message": "no", "details": [{"message": TOKEN, "property": TOKEN}]}),
        says(500, f"<pre>Authorization: Bearer {TOKEN}</pre>".encode()),
        says(200, f"Bearer {TOKEN}".encode()),
    ],
)
def test_the_token_is_in_no_text_of_any_failure(talk: Talk, reply: Reply) -> None:
    failure, _ = talk(create, reply)
    assert isinstance(failure, LineFailure)
    chain: BaseException | None = failure
    while chain is not None:
        assert TOKEN not in f"{chain} {chain!r} {vars(chain)} {chain.args}"
        assert not type(chain).__module__.startswith(("aiohttp", "pyreqwest"))
        chain = chain.__cause__ or chain.__context__
    assert TOKEN not in "".join(traceback.format_exception(failure))


def test_the_token_is_in_no_repr_of_the_account(open_wire: OpenWire) -> None:
    account = open_account(None, TOKEN, SettableClock(NOON), wire=open_wire)
    assert TOKEN not in repr(account)
    assert TOKEN not in repr(account._calls) + repr(account._calls._transport)


def test_a_wrong_token_is_a_matter_of_credentials(talk: Talk) -> None:
    failure, _ = talk(create, says(401, {"message": "Authentication failed"}))
    assert isinstance(failure, Unauthorised)
    assert failure.exit_code == 8


def test_an_answer_that_holds_the_text_of_the_token_by_chance_is_left_alone(talk: Talk) -> None:
    menu = {"richMenuId": "richmenu-1", "name": f"contains {TOKEN}"}
    menus, _ = talk(lambda account: account.menus(), says(200, {"richmenus": [menu]}))
    assert menus == [menu]


def test_a_process_does_not_end_while_the_librarys_thread_holds_python() -> None:
    script = (
        "import time\ntime.sleep = lambda seconds: print('settled', seconds)\n"
        "from lineform.line.over_pyreqwest import PyreqwestWire\n"
        "PyreqwestWire({}, None)\nPyreqwestWire({}, None)\nprint('done')"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout == "done\nsettled 0.05\n"
