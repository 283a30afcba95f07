"""Which addresses a webhook may reach: whoever can set an endpoint's name in DNS must not reach our own network.

The check is made on the addresses of the one resolution whose result is connected to, so a name that resolves
differently the next time (DNS rebinding) gains nothing.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

# IANA's special-purpose registries as data: `ipaddress.is_global` differs between versions of Python,
# and takes multicast, site-local and NAT64 addresses for global ones.
_SPECIAL_IPV4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local; clouds keep credentials at 169.254.169.254
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
_GLOBAL_IPV6 = IPv6Network("2000::/3")  # all else is loopback, private, link-local, multicast or unassigned
_SPECIAL_IPV6 = [
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
]
_NAT64 = IPv6Network("64:ff9b::/96")

_Address = tuple[Any, ...]  # as `socket` takes it: host and port, and for IPv6 flow and scope


class AddressRefused(Exception):
    """The name has no address that may be reached. The message says which setting allows it."""


def connect(host: str, port: int, within_seconds: float, allow_private: bool) -> socket.socket:
    """Opens a TCP connection to the first address of the host that may be reached and answers.

    Raises AddressRefused; OSError where none answers in time; UnicodeError where the host is no name.
    """
    addresses = _resolve(host, port, allow_private)
    failure = OSError()
    for family, address in addresses:
        try:
            return _open(family, address, within_seconds / len(addresses))
        except OSError as error:
            failure = error
    raise failure


def is_public(address: str) -> bool:
    """Whether the address, or the IPv4 address wrapped in it, belongs to the public internet."""
    ip = _unwrapped(ip_address(address.partition("%")[0]))
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _SPECIAL_IPV4)
    return ip in _GLOBAL_IPV6 and not any(ip in network for network in _SPECIAL_IPV6)


def _unwrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv4Address):
        return ip
    translated = IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else None
    return ip.ipv4_mapped or ip.sixtofour or translated or ip


def _resolve(host: str, port: int, allow_private: bool) -> Sequence[tuple[int, _Address]]:
    found = [
        (family, address)
        for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ]
    allowed = [one for one in found if allow_private or is_public(str(one[1][0]))]
    if not allowed:
        raise AddressRefused(
            f"{found[0][1][0]} is not a public address: set PEC_WEBHOOKS__ALLOW_PRIVATE=true to deliver to it"
        )
    return allowed


def _open(family: int, address: _Address, within_seconds: float) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.settimeout(within_seconds)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # headers and body are two writes
        opened.connect(address)
    except OSError:
        opened.close()
        raise
    return opened
