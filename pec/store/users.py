"""The people who use the console, in one hash."""

from pec.store.store import Store, text, text_dict
from pec.users import User, from_json, to_json


def find(store: Store, name: str) -> User | None:
    """Return the user of this name, or None."""
    found = store.client.hget(store.keys.users, name)
    return None if found is None else from_json(name, text(found))


def all_users(store: Store) -> list[User]:
    """Return every user, by name."""
    found = text_dict(store.client.hgetall(store.keys.users))
    return [from_json(name, found[name]) for name in sorted(found)]


def add(store: Store, user: User) -> bool:
    """Add a user. Return False if there is one of this name."""
    return bool(store.client.hsetnx(store.keys.users, user.name, to_json(user)))


def save(store: Store, user: User) -> None:
    """Write a user in place of the one of this name."""
    store.client.hset(store.keys.users, user.name, to_json(user))


def remove(store: Store, name: str) -> bool:
    """Remove a user. Return False if there was none."""
    return bool(store.client.hdel(store.keys.users, name))
