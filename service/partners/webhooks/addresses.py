"""Where a webhook may go: HTTPS, and no address inside somebody's network (events.md 4.5)."""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import SplitResult, urlsplit

from service.problems import FieldError, InvalidBody

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
LONGEST = 500
NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefused(Exception):
    """The address is not one that we call; `code` says which rule."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


SAYS = {
    "malformed": "地址不对,应为不带账号和 # 的 https:// 地址,最长 500 个字符。",
    "https-only": "只接受 https:// 地址。",
    "address-refused": "这个地址在内部或保留网段,不能作为接收地址。",
    "not-resolved": "域名解析不到地址,请核对域名。",
}


def networks_of(setting: str) -> list[Network]:
    """The networks that the settings allow beside public ones; raises ValueError."""
    return [ip_network(each.strip()) for each in setting.split(",") if each.strip()]


def parts_of(url: str) -> SplitResult:
    """The parts of an address that could be called; raises AddressRefused."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as wrong:
        raise AddressRefused("malformed") from wrong
    bad = len(url) > LONGEST or not url.isascii() or any(c <= " " or c in "\\\x7f" for c in url)
    bad = bad or parts.scheme not in ("http", "https") or not parts.hostname or port == 0
    if bad or parts.username is not None or parts.password is not None or "#" in url:
        raise AddressRefused("malformed")
    return parts


def is_public(address: Address) -> bool:
    """Whether it is reached over the open net, seen through every wrapping of IPv4 in IPv6."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def check(address: Address, scheme: str, allowed: Sequence[Network]) -> None:
    """Raises AddressRefused: public ones by HTTPS, allowed networks by either."""
    if any(address in network for network in allowed):
        return
    if not is_public(address):
        raise AddressRefused("address-refused")
    if scheme != "https":
        raise AddressRefused("https-only")


async def resolve(url: str, allowed: Sequence[Network]) -> tuple[SplitResult, Address]:
    """The address to call, resolved once: every answer is checked, the first is called.

    Raises AddressRefused. Whoever calls uses this very address, so that a name that changes
    between the check and the call leads nowhere else.
    """
    parts = parts_of(url)
    host = parts.hostname or ""
    try:
        found = [ip_address(host)]
    except ValueError:
        found = await _looked_up(host)
    for address in found:
        check(address, parts.scheme, allowed)
    return parts, found[0]


async def _looked_up(host: str) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        rows = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        found = [ip_address(row[4][0]) for row in rows]
    except (OSError, UnicodeError, ValueError) as wrong:
        raise AddressRefused("not-resolved") from wrong
    if not found:
        raise AddressRefused("not-resolved")
    return found


async def check_given(url: str, allowed: Sequence[Network]) -> None:
    """Raises InvalidBody with a pointer where a partner gives an address that we do not call.

    A name that resolves to nothing yet is taken: it is looked up again at each call.
    """
    try:
        await resolve(url, allowed)
    except AddressRefused as refused:
        if refused.code != "not-resolved":
            error = FieldError("/url", refused.code, SAYS[refused.code])
            raise InvalidBody(error) from refused
