"""The certificate authorities that are trusted, read once for the whole process: that takes 17 ms of CPU."""

import ssl
from functools import cache

import certifi
from urllib3.util.ssl_ import create_urllib3_context


@cache
def bundled_authorities(path: str) -> ssl.SSLContext:
    """Return a context that trusts the authorities of the file alone: the vendor's API needs no other."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(path)
    context.set_alpn_protocols(["http/1.1"])
    return context


@cache
def all_authorities() -> ssl.SSLContext:
    """Return a context that trusts the system's authorities too, or those of SSL_CERT_FILE instead of the system's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
