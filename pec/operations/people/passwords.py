"""Passwords of the console's users: argon2id, with the library's parameters."""

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE = BoundedSemaphore(2)  # each takes 64 MiB and four threads
_HASHER = PasswordHasher()


def hashed(password: str) -> str:
    """Return the hash to keep."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def fits(kept: str, password: str) -> bool:
    """Return whether a password is the one of this hash; takes as long if there is none."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(kept or _of_no_user(), password) and bool(kept)
        except (VerificationError, InvalidHashError):
            return False


@cache
def _of_no_user() -> str:
    return _HASHER.hash("the password of no user")
