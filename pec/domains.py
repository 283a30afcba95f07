"""One address, two spellings: a domain in ASCII (punycode) for wires and comparisons, in Unicode for people."""

from functools import lru_cache

import idna

_MAX_KEPT = 4096


@lru_cache(_MAX_KEPT)
def on_the_wire(address: str) -> str:
    """Return the address with its domain in ASCII, or unchanged if the domain has no such form."""
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}{at}{idna.encode(domain, uts46=True).decode()}"
    except (idna.IDNAError, UnicodeError):
        return address


def for_people(address: str) -> str:
    """Return the address with its domain in Unicode, or unchanged if the domain has no such form."""
    local, at, domain = address.rpartition("@")
    if "xn--" not in domain.lower():
        return address
    try:
        return f"{local}{at}{idna.decode(domain.lower())}"
    except (idna.IDNAError, UnicodeError):
        return address


def compared(address: str) -> str:
    """Return the address in the one spelling by which two addresses are compared."""
    return on_the_wire(address).lower()
