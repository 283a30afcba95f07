"""Reading `redis+sentinel://user:password@host:26379,host:26379/NAME/0`: the primary that Sentinels name."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl, unquote

from config.texts import Text, _

SCHEMES = ("redis+sentinel", "rediss+sentinel")
PORT = 26379

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\],]+)(?::(\d{1,5}))?")
_NAME = re.compile(r"[A-Za-z0-9._-]+")  # what a Sentinel takes as a name
_FORM = _("must be {scheme}://host:26379,host:26379,host:26379/NAME/0, with the name that the Sentinels know")


@dataclass(frozen=True, slots=True)
class SentinelUrl:
    """The parts of such a URL. `options` are those after the `?`."""

    scheme: str
    login: str
    sentinels: tuple[tuple[str, int], ...]
    primary: str
    database: int
    query: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the parts. Raise ValueError, worded for a person, without user and password."""
        scheme, rest = url.partition("://")[::2]
        body, query = rest.partition("?")[::2]
        login, place = body.rpartition("@")[::2]
        hosts, primary, database = [*place.split("/"), "", ""][:3]
        if scheme not in SCHEMES or not _NAME.fullmatch(primary) or place.count("/") > 2:
            raise ValueError(_FORM.format(scheme=scheme))
        if database and not (database.isascii() and database.isdigit()):
            raise ValueError(_FORM.format(scheme=scheme))
        sentinels = tuple(_host(scheme, one) for one in hosts.split(","))
        return cls(scheme, login, sentinels, primary, int(database or 0), query)

    @property
    def encrypts(self) -> bool:
        return self.scheme == "rediss+sentinel"

    @property
    def username(self) -> str | None:
        return unquote(self.login.partition(":")[0]) or None

    @property
    def password(self) -> str | None:
        return unquote(self.login.partition(":")[2]) or None

    @property
    def options(self) -> dict[str, str]:
        return dict(parse_qsl(self.query))

    @property
    def address(self) -> str:
        """Return the URL without user, password and options."""
        hosts = ",".join(f"{f'[{host}]' if ':' in host else host}:{port}" for host, port in self.sentinels)
        return f"{self.scheme}://{hosts}/{self.primary}/{self.database}"

    def next_database(self) -> str:
        """Return the URL of the next database of the same primary."""
        start, end = self.address.split("://")
        place = end.rpartition("/")[0]
        login, query = self.login and f"{self.login}@", self.query and f"?{self.query}"
        return f"{start}://{login}{place}/{self.database + 1}{query}"


def is_sentinel_url(url: str) -> bool:
    """Return whether the URL is meant for Sentinels, be it right or wrong."""
    return url.partition("://")[0] in SCHEMES


def problem_of_sentinel_url(url: str) -> Text | str | None:
    """Return what is wrong before the options, or None."""
    try:
        SentinelUrl.parse(url)
    except ValueError as error:
        return str(error)
    return None


def _host(scheme: str, given: str) -> tuple[str, int]:
    found = _HOST.fullmatch(given)
    port = int(found[2] or PORT) if found else 0
    if not found or not 1 <= port <= 65535:
        raise ValueError(_FORM.format(scheme=scheme))
    return found[1].strip("[]"), port
