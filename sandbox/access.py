"""Who may do what: tokens and their scopes, mailboxes and their passwords, and the pace of sends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from sandbox.clock import Instant

SCOPES = frozenset({"GET:send", "POST:send", "DELETE:send", "GET:inbox", "DELETE:inbox", "GET:quota"})
Tokens = Mapping[str, frozenset[str]]  # the scopes of each


@dataclass(frozen=True)
class Credentials:
    """The user name and password of the mailbox `address`."""

    address: str
    username: str
    password: str = field(repr=False)


def mailbox_opened_by(
    known: tuple[Credentials, ...], username: str, password: str, senders: Mapping[str, str]
) -> str | None:
    """Return the address of the mailbox that the pair opens, or None.

    Without known mailboxes, any pair opens the mailbox from which its user name sent before; a user name that has
    not sent yet counts as an address.
    """
    if not known:
        return senders.get(username, username) if username and password else None
    matching = (one.address for one in known if (one.username, one.password) == (username, password))
    return next(matching, None)


def may_send(known: tuple[Credentials, ...], sender: str, username: str, password: str) -> bool:
    """Return whether the pair may send: without known mailboxes, any pair may."""
    if not known:
        return bool(username and password)
    return any(
        (one.address.lower(), one.username, one.password) == (sender.lower(), username, password)
        for one in known
    )


def parse_token(text: str) -> tuple[str, frozenset[str]]:
    """Return a token and its scopes: `TOKEN` has all, `TOKEN=GET:send,POST:send` two. Raise ValueError for others."""
    token, _, listed = text.rpartition("=")
    if not token or ":" not in listed:
        return text, SCOPES
    scopes = frozenset(listed.split(","))
    if unknown := scopes - SCOPES:
        raise ValueError(
            f"unknown scope {', '.join(sorted(unknown))}: use some of {', '.join(sorted(SCOPES))}"
        )
    return token, scopes


def parse_credentials(text: str) -> Credentials:
    """Return the parts of `ADDRESS:USERNAME:PASSWORD`; only the password may contain a colon. Raise ValueError."""
    parts = text.split(":", 2)
    if len(parts) != 3 or not all(parts):
        raise ValueError("must be ADDRESS:USERNAME:PASSWORD")
    return Credentials(*parts)


class Pace:
    """At most `rate` sends a second for each token, evenly spaced. Safe for threads.

    Judged by when each request's first byte came. An excess call is refused and does not put off the next.
    """

    def __init__(self, rate: float) -> None:
        self._interval_seconds = 1 / rate
        self._last: dict[str, Instant] = {}
        self._lock = Lock()

    def seconds_too_early(self, token: str, at: Instant) -> float:
        """Return 0 if the send may pass, and count it as the last one; else how long it should have waited."""
        with self._lock:
            last = self._last.get(token)
            early = last.monotonic_seconds + self._interval_seconds - at.monotonic_seconds if last else 0.0
            if early <= 0:
                self._last[token] = at
            return max(early, 0.0)
