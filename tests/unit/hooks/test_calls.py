"""A call to a system of the business is signed, known again, never redirected, and refused where it may not go."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult

from lineform.hooks.addresses import Address, CheckedResolver
from lineform.hooks.calls import Hooks, signature
from lineform.ports.outside import Answered, Heard, Hook

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
KEY = "a key of the business"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    kind = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1")
    named = ("-subj", "/CN=crm.example", "-addext", "subjectAltName=DNS:crm.example")
    files = ("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"))
    subprocess.run(["openssl", "req", *kind, *named, *files], check=True, capture_output=True)
    return folder


class ToHere(CheckedResolver):
    """The internet of these tests: every name leads to this machine, which is public for once."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return await super().resolve("127.0.0.1", port, family)

    def allowed(self, address: Address) -> bool:
        return True


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def told(certificate: Path, handler: Handler, *, resolver: CheckedResolver | None = None) -> Answered:
    async def main() -> Answered:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        inward = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        inward.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=inward)
        await site.start()
        port = runner.addresses[0][1]
        hooks = Hooks(resolver or ToHere(), ssl.create_default_context(cafile=str(certificate / "cert.pem")))
        try:
            return await hooks.tell(Hook(f"https://crm.example:{port}/in?x=1", KEY), "k-1", b'{"a":1}', NOW)
        finally:
            await hooks.close()
            await runner.cleanup()

    return asyncio.run(main())


def test_a_call_is_signed_over_its_time_and_body_and_bears_its_id(certificate: Path) -> None:
    seen: dict[str, Any] = {}

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.update(request.headers, body=await request.read(), path=request.path_qs)
        return web.Response(status=204)

    assert told(certificate, handler) == Answered(Heard.YES)
    stamp = int(NOW.timestamp())
    assert seen["X-Lineform-Signature"] == f"t={stamp},v1={signature(KEY, stamp, seen['body'])}"
    assert (seen["X-Lineform-Id"], seen["body"], seen["path"]) == ("k-1", b'{"a":1}', "/in?x=1")


@pytest.mark.parametrize(
    ("status", "heard"),
    [
        *((status, Heard.NO) for status in (400, 401, 404, 410, 422)),
        *((status, Heard.AGAIN) for status in (408, 429, 500, 503)),
    ],
)
def test_the_answer_decides_whether_it_is_told_again(certificate: Path, status: int, heard: Heard) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    assert told(certificate, handler).heard is heard


def test_no_redirect_is_followed(certificate: Path) -> None:
    paths: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        paths.append(request.path)
        raise web.HTTPFound("https://127.0.0.1/elsewhere")

    assert told(certificate, handler) == Answered(Heard.NO, "it answered 302, and no redirect is followed")
    assert paths == ["/in"]


def test_a_name_that_leads_inside_is_not_called(certificate: Path) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        raise AssertionError("it was called")

    class Inside(ToHere):
        def allowed(self, address: Address) -> bool:
            return CheckedResolver.allowed(self, address)

    answered = told(certificate, handler, resolver=Inside())
    assert answered == Answered(Heard.AGAIN, "the name leads to an address that is not public")


@pytest.mark.parametrize(
    "url",
    ["http://crm.example/", "https://127.0.0.1/", "https://[::1]/", "https://10.1.2.3/", "https://u:p@crm.example/"],
)
def test_a_url_that_may_not_be_called_is_refused_for_good(url: str) -> None:
    async def main() -> Answered:
        hooks = Hooks()
        try:
            return await hooks.tell(Hook(url, KEY), "k-1", b"{}", NOW)
        finally:
            await hooks.close()

    assert asyncio.run(main()).heard is Heard.NO


def test_a_server_that_cannot_be_trusted_is_not_told_anything(certificate: Path) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        raise AssertionError("it was told")

    async def main() -> Answered:
        inward = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        inward.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        app = web.Application()
        app.router.add_post("/", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=inward)
        await site.start()
        hooks = Hooks(ToHere())
        try:
            return await hooks.tell(Hook(f"https://crm.example:{runner.addresses[0][1]}/", KEY), "k", b"{}", NOW)
        finally:
            await hooks.close()
            await runner.cleanup()

    assert asyncio.run(main()) == Answered(Heard.AGAIN, "its certificate cannot be trusted")
