"""Which addresses may be called: those that the whole internet can reach.

A name is looked up once, every address that it has is judged, and the connection is made to one that was judged: a name
that means something else a moment later (https://en.wikipedia.org/wiki/DNS_rebinding) is never asked again.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_RESERVED = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("3fff::/20"))
"""For protocols and for documentation (https://www.iana.org/assignments/iana-ipv4-special-registry/,
https://www.rfc-editor.org/rfc/rfc9637): some versions of Python take them for everybody's, wholly or in part."""


class Forbidden(OSError):
    """The name leads to an address that may not be called."""


def public(address: Address) -> bool:
    """Whether it is an address of one machine on the internet, and hides none that is not."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return public(inner)
        if address.is_site_local:
            return False
    if any(address in network for network in _RESERVED if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class CheckedResolver(AbstractResolver):
    """Looks names up, and gives nothing but addresses that may be called. Raises `Forbidden`."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        results = [_result(host, port, *entry) for entry in found]
        # One forbidden address among several is a trap, not a spare.
        if not results or not all(self.allowed(ipaddress.ip_address(one["host"])) for one in results):
            raise Forbidden("the name leads to an address that is not public")
        return results

    def allowed(self, address: Address) -> bool:
        return public(address)

    async def close(self) -> None:
        return None


def _result(host: str, port: int, family: int, _kind: int, proto: int, _name: str, address: Any) -> ResolveResult:
    return {
        "hostname": host,
        "host": str(address[0]).partition("%")[0],
        "port": port,
        "family": family,
        "proto": proto,
        "flags": socket.AI_NUMERICHOST,
    }


def literal(host: str) -> Address | None:
    """The address that a URL names itself; None for a name. Forms that only some libraries read as numbers are names,
    and looked up."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
