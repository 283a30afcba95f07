"""Tokens of the HTTP gateway: their scopes, the accounts they may use, and how they are written. Pure."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pec.instants import from_text, to_text

# The vendor's operations, and the newer surface: `v1:send` adds messages, batches and uploads; `v1:read` reads all of
# the token's accounts; `v1:manage` cancels, pauses, resumes and tests webhooks.
VENDOR_SCOPES = ("GET:send", "POST:send", "DELETE:send", "GET:inbox", "DELETE:inbox", "GET:quota")
V1_SCOPES = ("v1:send", "v1:read", "v1:manage")
SCOPES = VENDOR_SCOPES + V1_SCOPES
EVERY_ACCOUNT = "*"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_WRITTEN = re.compile(r"pec_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret. `rate`: requests per second; a second's worth may come at once."""

    id: str
    name: str
    scopes: frozenset[str]
    accounts: frozenset[str]
    rate: float
    created_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None

    def allows(self, scope: str) -> bool:
        return scope in self.scopes

    def may_use(self, account: str) -> bool:
        return account in self.accounts or EVERY_ACCOUNT in self.accounts

    def to_hash(self) -> dict[str, str]:
        instants = {"created_at": self.created_at, "expires_at": self.expires_at, "used_at": self.used_at}
        return {
            "name": self.name,
            "scopes": " ".join(sorted(self.scopes)),
            "accounts": " ".join(sorted(self.accounts)),
            "rate": f"{self.rate:g}",
            **{name: to_text(at) for name, at in instants.items() if at},
        }

    @classmethod
    def from_hash(cls, token_id: str, stored: Mapping[str, str]) -> Self:
        instants = {name: from_text(stored[name]) for name in ("expires_at", "used_at") if name in stored}
        return cls(
            id=token_id,
            name=stored["name"],
            scopes=frozenset(stored["scopes"].split()),
            accounts=frozenset(stored["accounts"].split()),
            rate=float(stored["rate"]),
            created_at=from_text(stored["created_at"]),
            expires_at=instants.get("expires_at"),
            used_at=instants.get("used_at"),
        )


def written(token_id: str, secret: str) -> str:
    """Return the token as its owner gets it."""
    return f"pec_{token_id}_{secret}"


def id_in(text: str) -> str | None:
    """Return the id that a token names, or None if the text is no token of ours."""
    found = _WRITTEN.fullmatch(text)
    return found[1] if found else None


def digest(text: str) -> str:
    """Return the SHA-256 by which a token is stored."""
    return hashlib.sha256(text.encode()).hexdigest()
