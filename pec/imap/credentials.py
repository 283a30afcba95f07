"""A digest of a mailbox's credentials, by which a refused login is known again."""

import hashlib
from functools import cache

from pec.imap.server import Server


@cache
def digest(server: Server) -> str:
    """Return a digest that takes long to make, so it does not give a weak password away."""
    about = f"{server.host}:{server.port}\0{server.username}".encode()
    password = server.password.get_secret_value().encode()
    return hashlib.scrypt(password, salt=about, n=2**14, r=8, p=1, dklen=16).hex()
