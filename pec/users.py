"""People who use the console: their roles, and what each may see and do. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from config.texts import _

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
MIN_PASSWORD = 12  # characters
MAX_PASSWORD = 1024


class Role(StrEnum):
    """Each role may do what those before it may."""

    VIEWER = "viewer"  # reads
    CLERK = "clerk"  # runs campaigns
    OPERATOR = "operator"  # pauses, resumes, decides about held messages, replays
    ADMIN = "admin"  # manages users

    def covers(self, other: "Role") -> bool:
        """Return whether this role may do what the other one may."""
        roles = list(Role)
        return roles.index(self) >= roles.index(other)


ROLE_NAMES = {
    Role.VIEWER: _("viewer"),
    Role.CLERK: _("clerk"),
    Role.OPERATOR: _("operator"),
    Role.ADMIN: _("admin"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person. `accounts`: the mailboxes that the person may see and send from; empty: all of them."""

    name: str
    role: Role
    accounts: tuple[str, ...] = ()
    password: str = ""  # its argon2id hash; empty: a proxy authenticates the person
    created_at: str = ""  # RFC 3339

    @property
    def sees_everything(self) -> bool:
        """Return whether the person may see pages about the whole installation."""
        return not self.accounts

    def may(self, role: Role) -> bool:
        """Return whether the person's role covers this one."""
        return self.role.covers(role)

    def sees(self, account: str | None) -> bool:
        """Return whether the person may see a mailbox; what belongs to none is for those who see everything."""
        return not self.accounts or account in self.accounts


def to_json(user: User) -> str:
    """Return the user as Redis keeps it, without the name, which is the field's."""
    return json.dumps(
        {
            "role": str(user.role),
            "accounts": list(user.accounts),
            "password": user.password,
            "created_at": user.created_at,
        }
    )


def from_json(name: str, stored: str) -> User:
    """Return the user of such a text."""
    found: Mapping[str, Any] = json.loads(stored)
    return User(
        name=name,
        role=Role(found["role"]),
        accounts=tuple(found.get("accounts", ())),
        password=found.get("password", ""),
        created_at=found.get("created_at", ""),
    )
