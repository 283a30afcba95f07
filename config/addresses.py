"""What addresses say: where to listen; whether a URL is Redis's, and where its server's next database is."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit


def next_database(url: str) -> str:
    """The same server's next logical database: `redis://h/0` → `redis://h/1`, `unix:///s?db=2` → `…?db=3`."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if parts.scheme == "unix" or "db" in query:
        query["db"] = str(int(query.get("db", "0")) + 1)
        # not by urlunsplit, which turns unix:///path into unix:/path
        return f"{parts.scheme}://{parts.netloc}{parts.path}?{urlencode(query)}"
    number = int(parts.path.strip("/") or 0) + 1
    return urlunsplit(parts._replace(path=f"/{number}"))


def is_redis_address(url: str) -> bool:
    """Whether it is `redis://host…`, `rediss://host…` or `unix:///path…` with a database that is a number."""
    try:
        parts = urlsplit(url)
        next_database(url)  # its database is a number
        place = parts.path if parts.scheme == "unix" else parts.hostname
        return parts.scheme in ("redis", "rediss", "unix") and bool(place) and parts.port != 0
    except ValueError:
        return False


def host_and_port(address: str) -> tuple[str, int]:
    """`0.0.0.0:9464` or `[::]:9464`, in its parts. Raises ValueError, worded for a person."""
    host, _, port = address.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not bare or (":" in bare and bare == host) or not (port.isascii() and port.isdigit()):
        raise ValueError("must be host:port, such as 0.0.0.0:9464 or [::]:9464")
    if not 1 <= int(port) <= 65535:
        raise ValueError(f"port {port} must be from 1 to 65535")
    return bare, int(port)
