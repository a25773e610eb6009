"""Nobody but machines that the whole internet can reach is ever called."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

import pytest

from lineform.hooks.addresses import CheckedResolver, Forbidden, literal, public

PRIVATE = (
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),  # noqa: S104
    *("169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.5", "224.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1"),
    *("192.0.0.8", "192.0.0.170", "::ffff:192.0.0.8", "3fff::1", "3fff:fff::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::"),
)
PUBLIC = ("1.1.1.1", "8.8.8.8", "147.92.150.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("text", PRIVATE)
def test_an_address_that_is_not_everybodys_is_not_public(text: str) -> None:
    assert not public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_an_address_on_the_internet_is_public(text: str) -> None:
    assert public(ipaddress.ip_address(text))


def looked_up(*addresses: str) -> Any:
    async def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        families = [socket.AF_INET6 if ":" in one else socket.AF_INET for one in addresses]
        return [
            (family, socket.SOCK_STREAM, 6, "", (one, 443)) for family, one in zip(families, addresses, strict=True)
        ]

    async def resolve() -> list[str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
            return [one["host"] for one in await CheckedResolver().resolve("crm.example", 443)]

    return asyncio.run(resolve())


def test_a_name_is_connected_to_by_the_addresses_that_were_judged() -> None:
    assert looked_up("1.1.1.1", "2606:4700:4700::1111") == ["1.1.1.1", "2606:4700:4700::1111"]


@pytest.mark.parametrize("private", ["127.0.0.1", "169.254.169.254", "::1"])
def test_one_forbidden_address_among_several_forbids_the_name(private: str) -> None:
    with pytest.raises(Forbidden):
        looked_up("1.1.1.1", private)


def test_a_name_without_addresses_is_forbidden() -> None:
    with pytest.raises(Forbidden):
        looked_up()


@pytest.mark.parametrize(("host", "found"), [("127.0.0.1", True), ("[::1]", True), ("crm.example", False)])
def test_an_address_in_a_url_is_known_as_one(host: str, found: bool) -> None:
    assert (literal(host) is not None) is found
