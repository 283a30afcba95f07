"""The socket of a server: bound before its processes start, and shown as an address."""

import socket


def listen(host: str, port: int, backlog: int = 2048) -> socket.socket:
    """Return a socket that listens. Port 0: any free one. Raise OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=backlog)
    except OSError as error:  # Python adds the address, which the caller names
        raise OSError(error.errno, str(error.strerror).partition(" (while ")[0]) from None


def url_of(listener: socket.socket, scheme: str) -> str:
    host, port = listener.getsockname()[:2]
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
