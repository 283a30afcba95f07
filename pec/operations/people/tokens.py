"""Tokens of the HTTP gateway: an operator creates, lists and revokes them. Each act is in the audit stream."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.texts import _
from pec.instants import from_epoch, to_text
from pec.operations.refusals import Refused
from pec.store import audit, tokens
from pec.store.audit import Act
from pec.store.store import Store, wall_clock
from pec.tokens import NAME, Token, digest, written

DEFAULT_RATE = 200.0


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token and its text, which is shown once and stored nowhere."""

    token: Token
    text: str


def create_token(
    store: Store,
    name: str,
    scopes: Collection[str],
    accounts: Collection[str],
    *,
    rate: float,
    expires_at: datetime | None,
    actor: str,
) -> NewToken:
    """Make a token. Raise Refused if the name is taken or is no name, or if the token would have expired."""
    now = from_epoch(wall_clock())
    if not NAME.fullmatch(name):
        raise Refused(
            "not_a_name", _("{name}: use letters, digits, '.', '_' and '-', 64 at most").format(name=name)
        )
    if expires_at and expires_at <= now:
        raise Refused("expired", _("the token would have expired already: give an instant that lies ahead"))
    token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    text = written(token_id, secret)
    token = Token(token_id, name, frozenset(scopes), frozenset(accounts), rate, now, expires_at)
    taken = Refused(
        "name_taken",
        _("a token {name} exists: choose another name, or `pec token revoke {name}`").format(name=name),
    )
    if tokens.find(store, name):
        raise taken
    audit.note(store, to_text(now), _act(actor, "token.create", token))
    if not tokens.create(store, token, digest(text)):
        raise taken
    return NewToken(token, text)


def list_tokens(store: Store) -> list[Token]:
    return tokens.read_all(store)


def revoke_token(store: Store, name: str, actor: str) -> Token:
    """Let a token pass no more. Raise Refused if there is none of this name."""
    token = tokens.find(store, name)
    if token is None:
        raise Refused(
            "no_such_token", _("there is no token {name}: `pec token list` shows them").format(name=name)
        )
    audit.note(store, to_text(from_epoch(wall_clock())), _act(actor, "token.revoke", token))
    tokens.revoke(store, token)
    return token


def token_dict(token: Token) -> dict[str, Any]:
    """Return what a program may read of a token."""
    return {
        "name": token.name,
        "id": token.id,
        "scopes": sorted(token.scopes),
        "accounts": sorted(token.accounts),
        "rate": token.rate,
        "created_at": to_text(token.created_at),
        "expires_at": to_text(token.expires_at) if token.expires_at else None,
        "used_at": to_text(token.used_at) if token.used_at else None,
    }


def _act(actor: str, action: str, token: Token) -> Act:
    return Act(actor, action, f"token:{token.name}", token_dict(token))
