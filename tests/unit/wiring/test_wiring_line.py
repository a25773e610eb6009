"""From a client's file and the environment to its account."""

from __future__ import annotations

import asyncio

import pytest

from lineform.errors import CredentialError, UsageError
from lineform.model.client import ClientSpec
from lineform.ports.line_account import OutcomeUnknown, WrongBot
from lineform.settings import Settings
from lineform.wiring.clock import SettableClock
from lineform.wiring.line import line_account
from support.line_stub import NOON, TOKEN, line_stub, says

CLIENT = ClientSpec.model_validate(
    {
        "kind": "client",
        "name": "aoba",
        "title": "Aoba",
        "bot": "U" + "0" * 32,
        "token": {"env": "AOBA_TOKEN"},
    }
)


def test_the_token_of_the_named_variable_goes_to_the_given_origin() -> None:
    async def main() -> str:
        async with line_stub(says(200, {"userId": CLIENT.bot})) as stub:
            settings = Settings.from_environment({"AOBA_TOKEN": TOKEN, "LINEFORM_LINE_ORIGIN": stub.origin})
            async with line_account(CLIENT, settings, SettableClock(NOON)) as account:
                await account.bot()
            return stub.seen[0].headers["authorization"]

    assert asyncio.run(main()) == f"Bearer {TOKEN}"


def test_a_clients_account_is_that_of_its_pinned_bot() -> None:
    async def main() -> list[str]:
        async with line_stub(says(200, {"userId": "U" + "9" * 32, "basicId": "@other"})) as stub:
            settings = Settings.from_environment({"AOBA_TOKEN": TOKEN, "LINEFORM_LINE_ORIGIN": stub.origin})
            async with line_account(CLIENT, settings, SettableClock(NOON)) as account:
                with pytest.raises(WrongBot, match=r"@other.*not the pinned one"):
                    await account.reply(b"{}", "token")
            return [one.path for one in stub.seen]

    assert asyncio.run(main()) == ["/v2/bot/info"]


def test_a_missing_token_is_called_by_its_variable() -> None:
    with pytest.raises(CredentialError, match="AOBA_TOKEN"):
        line_account(CLIENT, Settings(), SettableClock(NOON))


@pytest.mark.parametrize("value", ["two words", "line\nbreak", "日本", "a\x00b"])
def test_what_can_be_no_token_is_refused_without_being_shown(value: str) -> None:
    settings = Settings.from_environment({"AOBA_TOKEN": value})
    with pytest.raises(CredentialError, match="AOBA_TOKEN") as caught:
        line_account(CLIENT, settings, SettableClock(NOON))
    assert value not in str(caught.value)


def test_a_proxy_that_is_not_http_is_refused() -> None:
    settings = Settings.from_environment({"AOBA_TOKEN": TOKEN, "HTTPS_PROXY": "socks5://proxy:1080"})
    with pytest.raises(UsageError, match="not HTTP"):
        line_account(CLIENT, settings, SettableClock(NOON))


def test_the_way_to_line_goes_through_the_proxy() -> None:
    async def main() -> None:
        # A web server is no proxy: it refuses the tunnel.
        async with line_stub(says(200)) as proxy:
            settings = Settings.from_environment({"AOBA_TOKEN": TOKEN, "HTTPS_PROXY": proxy.origin})
            async with line_account(CLIENT, settings, SettableClock(NOON)) as account:
                await account.bot()

    with pytest.raises(OutcomeUnknown, match="GET /v2/bot/info: the proxy refused"):
        asyncio.run(main())
