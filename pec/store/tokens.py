"""Tokens of the gateway in Redis: created, listed, revoked, and judged at each request in one step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pec.instants import to_text
from pec.store.store import Store, text, text_dict
from pec.tokens import Token

# Refused credentials that slow nothing down. One token alone can't close its address, which others may share.
FREE_OF_TOKEN, FREE_OF_ADDRESS = 3, 30
MAX_SLOWED_SECONDS = 300


@dataclass(frozen=True, slots=True)
class TooFast:
    """The token has used up its rate: ask again after this many seconds."""

    wait_seconds: float


@dataclass(frozen=True, slots=True)
class Admitted:
    """A token that may pass. `slowed_seconds`: for how long its mailbox credentials are not looked at."""

    token: Token
    slowed_seconds: float


def create(store: Store, token: Token, sha256: str) -> bool:
    """Store a token by the digest of its text. Return False if another one has its name."""
    fields = token.to_hash() | {"sha256": sha256}
    if token.expires_at:
        fields["expires_us"] = str(round(token.expires_at.timestamp() * 1e6))
    flat = [part for pair in fields.items() for part in pair]
    return bool(store.run("create_token", token.name, token.id, *flat))


def find(store: Store, name: str) -> Token | None:
    found = store.client.hget(store.keys.tokens, name)
    return _read(store, text(found)) if found is not None else None


def read_all(store: Store) -> list[Token]:
    """Return every token that was not revoked, the expired among them, by name."""
    ids = text_dict(store.client.hgetall(store.keys.tokens))
    found = [_read(store, ids[name]) for name in sorted(ids)]
    return [token for token in found if token]


def revoke(store: Store, token: Token) -> None:
    """Let the token pass no more."""
    with store.client.pipeline() as pipeline:
        holding = store.keys.holding(token.id)
        pipeline.delete(
            store.keys.token(token.id),
            store.keys.token_pace(token.id),
            holding,
            f"{holding}:bytes",
            f"{holding}:jobs",
        )
        pipeline.hdel(store.keys.tokens, token.name)
        pipeline.execute()


def admit(
    store: Store, token_id: str, sha256: str, at: datetime, places: Sequence[str]
) -> Admitted | TooFast | None:
    """Judge a request by its token and count it. None: there is no such token, or it has expired."""
    reply = store.run("admit", token_id, sha256, to_text(at), *places)
    if not reply:
        return None
    if text(reply[0]) == "fast":
        return TooFast(int(reply[1]) / 1e6)
    slowed = max(int(reply[1]), 0) / 1000
    return Admitted(Token.from_hash(token_id, text_dict(reply[2:])), slowed)


def slow_down(store: Store, token_place: str, address_place: str) -> None:
    """Note that credentials were refused, and look at none from these places for a while that doubles."""
    places = (token_place, FREE_OF_TOKEN, address_place, FREE_OF_ADDRESS)
    store.run("slow_down", MAX_SLOWED_SECONDS, *places)


def _read(store: Store, token_id: str) -> Token | None:
    stored = text_dict(store.client.hgetall(store.keys.token(token_id)))
    return Token.from_hash(token_id, stored) if stored else None
