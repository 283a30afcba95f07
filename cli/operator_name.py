"""The person at this terminal, as the audit stream names them."""

import getpass
import socket


def operator_name() -> str:
    """Return `user@host`; a container's user may have no name."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return socket.gethostname()
