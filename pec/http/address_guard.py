"""The addresses that a webhook may reach: a name in DNS that an outsider controls must not lead into our own network.

`Connection` resolves a name once and connects to what was checked, so a name that resolves differently the next time
(DNS rebinding) gains nothing.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from pec.http.connection import Addresses

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


class AddressRefused(Exception):
    """The name has no address that may be reached. `address` is one of those that it has."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is not a public address")
        self.address = address


def require_public(addresses: Addresses) -> Addresses:
    """Return those of a name's addresses that belong to the public internet. Raise AddressRefused if none does."""
    public = [one for one in addresses if is_public(str(one[1][0]))]
    if not public:
        raise AddressRefused(str(addresses[0][1][0]))
    return public


def is_public(address: str) -> bool:
    """Return whether the address, or the IPv4 address wrapped in it, belongs to the public internet."""
    ip = _unwrapped(ip_address(address.partition("%")[0]))
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _SPECIAL_IPV4)
    return ip in _GLOBAL_IPV6 and not any(ip in network for network in _SPECIAL_IPV6)


def _unwrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv4Address):
        return ip
    translated = IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else None
    return ip.ipv4_mapped or ip.sixtofour or translated or ip
