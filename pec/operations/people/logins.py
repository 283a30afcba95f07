"""Logging in at the console, and who a request comes from."""

import secrets
from contextlib import suppress
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network

from config.texts import _
from pec.instants import from_epoch
from pec.operations.people.passwords import fits
from pec.operations.refusals import Refused
from pec.store import logins, users
from pec.store.logins import Login
from pec.store.store import Store, wall_clock
from pec.users import MAX_PASSWORD, User

__all__ = [
    "Login",
    "end_login",
    "end_logins",
    "leave_notice",
    "log_in",
    "logins_of",
    "owns_password",
    "take_notice",
    "user_of",
    "who",
]

_REFRESH_SECONDS = 60  # a login's last use is noted no more often
MAX_TRIES = {"user and address": 5, "address": 30, "user": 100}  # in 15 minutes


def log_in(store: Store, name: str, password: str, address: str) -> str:
    """Return the token of a new login. Raise Refused, in the same words and time whatever was wrong."""
    place = _place(address)
    names = {"user and address": f"{name}\n{place}", "address": place, "user": name}
    counted = logins.tries(store, [f"{kind}\n{names[kind]}" for kind in MAX_TRIES])
    if any(count > limit for count, limit in zip(counted, MAX_TRIES.values(), strict=True)):
        raise Refused("too_many_logins", _("too many attempts: try again in 15 minutes"))
    user = users.find(store, name)
    if not fits(user.password if user else "", password[: MAX_PASSWORD + 1]):
        raise Refused("login_refused", _("the name or the password is wrong"))
    logins.forget_tries(store, [f"{kind}\n{names[kind]}" for kind in MAX_TRIES if kind != "address"])
    logins.take_try_back(store, f"address\n{place}")
    token = secrets.token_urlsafe(32)
    logins.begin(store, token, name, address, _now())
    return token


def who(store: Store, token: str) -> User | None:
    """Return the user of a login's token, or None if the login has ended."""
    now = _now()
    login = logins.find(store, token, now)
    if login is None:
        return None
    if (now - login.used_at).total_seconds() > _REFRESH_SECONDS:
        logins.use(store, login, now)
    return users.find(store, login.user)


def owns_password(store: Store, name: str, password: str) -> bool:
    """Return whether this is the user's password."""
    user = users.find(store, name)
    return fits(user.password if user else "", password[: MAX_PASSWORD + 1])


def user_of(store: Store, name: str) -> User | None:
    """Return the user that a trusted proxy names, or None if there is none."""
    return users.find(store, name)


def logins_of(store: Store, user: str) -> list[Login]:
    """Return the logins of a user, newest first."""
    return logins.of_user(store, user)


def end_login(store: Store, token: str) -> None:
    """Log one browser out."""
    if login := logins.find(store, token, _now()):
        logins.end(store, login.user, login.id)


def end_logins(store: Store, user: str) -> int:
    """Log a user out everywhere. Return how many logins there were."""
    return logins.end_all(store, user)


def leave_notice(store: Store, secret: str, notice: str) -> None:
    """Keep what the browser's next page says."""
    logins.leave_notice(store, secret, notice)


def take_notice(store: Store, secret: str) -> str | None:
    """Return what was kept, once."""
    return logins.take_notice(store, secret)


def _place(address: str) -> str:
    """Return what tries are counted by: an IPv6 address by its /64, because one host can take any address of it."""
    with suppress(ValueError):
        found = ip_address(address.partition("%")[0])
        if isinstance(found, IPv6Address):
            return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return address


def _now() -> datetime:
    return from_epoch(wall_clock())
