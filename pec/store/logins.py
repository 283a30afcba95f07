"""Logins at the console: each is known by the digest of a random token that only the browser has."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pec.instants import from_text, to_text
from pec.store.store import Store, text, text_dict, text_list

IDLE_SECONDS = 8 * 3600  # without a request, until a login ends
MAX_SECONDS = 7 * 86_400
TRIES_SECONDS = 900  # for which a login in vain counts
NOTICE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Login:
    """A browser in which a user is logged in. `id` is the digest of its token."""

    id: str
    user: str
    address: str
    at: datetime
    used_at: datetime


def digest(token: str) -> str:
    """Return the name of a token in Redis, from which the token can't be derived."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(store: Store, token: str, user: str, address: str, at: datetime) -> None:
    """Log a user in."""
    name, now = digest(token), to_text(at)
    fields: dict[Any, Any] = {"user": user, "address": address, "at": now, "used_at": now}
    until = at.timestamp() + MAX_SECONDS
    with store.client.pipeline() as pipeline:
        pipeline.hset(store.keys.login(name), mapping=fields)
        pipeline.expire(store.keys.login(name), IDLE_SECONDS)
        pipeline.zremrangebyscore(store.keys.logins(user), "-inf", at.timestamp())
        pipeline.zadd(store.keys.logins(user), {name: until})
        pipeline.expire(store.keys.logins(user), MAX_SECONDS)
        pipeline.execute()


def find(store: Store, token: str, now: datetime) -> Login | None:
    """Return the login of a token, or None if there is none, or no more."""
    name = digest(token)
    found = _login(name, text_dict(store.client.hgetall(store.keys.login(name))))
    if found and (now - found.at).total_seconds() < MAX_SECONDS:
        return found
    return None


def use(store: Store, login: Login, now: datetime) -> None:
    """Let the login last on. A script is not needed: a login that ended meanwhile stays ended."""
    key = store.keys.login(login.id)
    if store.client.expire(key, IDLE_SECONDS):
        store.client.hset(key, "used_at", to_text(now))


def of_user(store: Store, user: str) -> list[Login]:
    """Return the logins of a user that have not ended, newest first."""
    names = text_list(store.client.zrange(store.keys.logins(user), 0, -1))
    with store.client.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.hgetall(store.keys.login(name))
        replies = pipeline.execute()
    found = [_login(name, text_dict(reply)) for name, reply in zip(names, replies, strict=True)]
    return sorted((one for one in found if one), key=lambda one: one.at, reverse=True)


def end(store: Store, user: str, login_id: str) -> None:
    """Log one browser of a user out. It may be repeated, as the client does with a command whose answer was lost."""
    with store.client.pipeline() as pipeline:
        pipeline.delete(store.keys.login(login_id))
        pipeline.zrem(store.keys.logins(user), login_id)
        pipeline.execute()


def end_all(store: Store, user: str) -> int:
    """Log a user out everywhere. Return how many logins there were."""
    names = text_list(store.client.zrange(store.keys.logins(user), 0, -1))
    ended = store.client.delete(*map(store.keys.login, names)) if names else 0
    store.client.delete(store.keys.logins(user))
    return int(str(ended))


# Tries


def tries(store: Store, names: list[str]) -> list[int]:
    """Count one more try under each name, and return how many there were lately with this one."""
    with store.client.pipeline() as pipeline:
        for name in names:
            key = store.keys.login_tries(digest(name))
            pipeline.incr(key)
            pipeline.expire(key, TRIES_SECONDS, nx=True)
        return [int(reply) for reply in pipeline.execute()[::2]]


def forget_tries(store: Store, names: list[str]) -> None:
    """Count from nought again under these names."""
    store.client.delete(*(store.keys.login_tries(digest(name)) for name in names))


def take_try_back(store: Store, name: str) -> None:
    """Count one try less under a name, because it was no failure."""
    store.client.decr(store.keys.login_tries(digest(name)))


# Notices


def leave_notice(store: Store, secret: str, notice: str) -> None:
    """Keep what the browser's next page says."""
    store.client.set(store.keys.notice(digest(secret)), notice, ex=NOTICE_SECONDS)


def take_notice(store: Store, secret: str) -> str | None:
    """Return what was kept, once."""
    found = store.client.getdel(store.keys.notice(digest(secret)))
    return None if found is None else text(found)


def _login(name: str, stored: dict[str, str]) -> Login | None:
    if "at" not in stored:
        return None
    return Login(
        id=name,
        user=stored["user"],
        address=stored["address"],
        at=from_text(stored["at"]),
        used_at=from_text(stored["used_at"]),
    )
