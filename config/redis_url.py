"""Reading addresses: host and port to listen on; URLs of Redis, and the next database of the same server."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from config.redis_options import problem_of_options
from config.sentinel_url import SentinelUrl, is_sentinel_url, problem_of_sentinel_url
from config.texts import _

# In a user or password these end what they stand in. A second `:` or `@` does no harm there.
_RESERVED = {"#": "%23", "/": "%2F", "?": "%3F", "[": "%5B", "]": "%5D"}


def next_database(url: str) -> str:
    """Return the same server's next logical database: `redis://h/0` → `redis://h/1`, `unix:///s?db=2` → `…?db=3`."""
    if is_sentinel_url(url):
        return SentinelUrl.parse(url).next_database()
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if parts.scheme == "unix" or "db" in query:
        query["db"] = str(int(query.get("db", "0")) + 1)
        # not by urlunsplit, which turns unix:///path into unix:/path
        return f"{parts.scheme}://{parts.netloc}{parts.path}?{urlencode(query)}"
    number = int(parts.path.strip("/") or 0) + 1
    return urlunsplit(parts._replace(path=f"/{number}"))


def with_options(url: str, options: Mapping[str, str]) -> str:
    """Return the URL with these options besides. An option that it states already wins."""
    start, query = url.partition("?")[::2]
    added = {name: value for name, value in options.items() if name not in dict(parse_qsl(query))}
    return f"{start}?{'&'.join(filter(None, (query, urlencode(added))))}"


def is_redis_address(url: str) -> bool:
    """Return whether it is `redis://host…`, `rediss://host…` or `unix:///path…` with a database that is a number.

    Or one of these two with Sentinels.
    """
    if is_sentinel_url(url):
        return problem_of_sentinel_url(url) is None
    try:
        parts = urlsplit(url)
        next_database(url)  # its database is a number
        place = parts.path if parts.scheme == "unix" else parts.hostname
        return parts.scheme in ("redis", "rediss", "unix") and bool(place) and parts.port != 0
    except ValueError:
        return False


def problem_of_redis_url(url: str) -> str | None:
    """Return what is wrong with a Redis URL, with the remedy, or None. A password is never quoted."""
    scheme, rest = url.partition("://")[::2]
    login = rest.rpartition("@")[0] if scheme != "unix" else ""
    stray = [one for one in _RESERVED if one in login]
    if not stray and "#" in rest:
        stray = ["#"]
    bare_query = "?" in stray and "=" not in rest.partition("?")[2]
    if stray and (not is_redis_address(url) or "#" in stray or bare_query):
        written = ", ".join(f"{_RESERVED[one]} ({one})" for one in stray)
        return _("the user or password holds a character that ends it in a URL: write {written}").format(
            written=written
        )
    if is_sentinel_url(url) and (problem := problem_of_sentinel_url(url)):
        return problem
    if not is_redis_address(url):
        return _(
            "must be redis://host:6379/0, rediss://host:6379/0, unix:///path?db=0 or, with Sentinels, "
            "redis+sentinel://host:26379,host:26379/NAME/0"
        )
    return problem_of_options(scheme, rest.partition("?")[2])


def host_and_port(address: str) -> tuple[str, int]:
    """Return the parts of `0.0.0.0:9464` or `[::]:9464`. Raise ValueError, worded for a person."""
    host, port = address.rpartition(":")[::2]
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not bare or (":" in bare and bare == host) or not (port.isascii() and port.isdigit()):
        raise ValueError(_("must be host:port, such as 0.0.0.0:9464 or [::]:9464"))
    if not 1 <= int(port) <= 65535:
        raise ValueError(_("port {port} must be from 1 to 65535").format(port=port))
    return bare, int(port)
