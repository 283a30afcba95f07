"""What a Redis URL says: whether it is one, and where the next logical database of its server is."""

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
