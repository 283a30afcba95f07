"""Only a token that may do so passes; everyone else learns nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from pec.operations.people.tokens import list_tokens, revoke_token
from pec.store import audit
from pec.store.store import Store
from tests.integration.producers.gateway.serving import MAILBOX, Served, a_token

OPERATIONS = (
    ("POST", "/send"),
    ("GET", "/send/2026112309300042"),
    ("DELETE", "/send/2026112309300042"),
    ("GET", "/inbox"),
    ("GET", "/inbox/1"),
    ("DELETE", "/inbox/1"),
    ("GET", "/quota/inbox"),
)
every_operation = pytest.mark.parametrize(("method", "path"), OPERATIONS)
REFUSED = {"success": False, "message": "Authorization is not valid or empty"}


@every_operation
@pytest.mark.parametrize("token", ["", "x", "pec_000000000000_" + "a" * 43, "à"])
def test_no_token_of_ours_is_refused_with_the_same_words(
    gateway: Served, method: str, path: str, token: str
) -> None:
    answer = gateway.call(method, path, token=token.encode().decode("latin-1"), headers=MAILBOX)

    assert (answer.status_code, answer.json()) == (401, REFUSED)


def test_another_secret_with_a_known_id_is_refused(gateway: Served) -> None:
    assert (
        gateway.call("GET", "/quota/inbox", token=gateway.token[:-1] + "_", headers=MAILBOX).status_code
        == 401
    )


@every_operation
def test_a_token_without_the_scope_is_refused(gateway: Served, store: Store, method: str, path: str) -> None:
    mine = f"{method}:{path.split('/')[1]}"
    others = a_token(store, "others", scopes={"v1:send", "GET:send", "POST:send"} - {mine})

    assert gateway.call(method, path, token=others, headers=MAILBOX).status_code == 403


def test_a_revoked_token_passes_no_more(gateway: Served, store: Store) -> None:
    token = a_token(store, "short")
    assert gateway.call("GET", "/send/2026112309300042", token=token, headers=MAILBOX).status_code == 404

    revoke_token(store, "short", "test")

    assert gateway.call("GET", "/send/2026112309300042", token=token, headers=MAILBOX).status_code == 401


def test_an_expired_token_passes_no_more(gateway: Served, store: Store, redis: Redis) -> None:
    token = a_token(store, "short", expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert gateway.call("GET", "/send/2026112309300042", token=token, headers=MAILBOX).status_code == 404

    redis.hset(f"pec:token:{token.split('_')[1]}", "expires_us", str(1))

    assert gateway.call("GET", "/send/2026112309300042", token=token, headers=MAILBOX).status_code == 401


def test_a_token_beyond_its_rate_waits_and_others_do_not(gateway: Served, store: Store) -> None:
    slow = a_token(store, "slow", rate=0.2)
    first, second = (
        gateway.call("GET", "/send/2026112309300042", token=slow, headers=MAILBOX) for _ in range(2)
    )

    assert (first.status_code, second.status_code) == (404, 429)
    assert 1 <= int(second.headers["Retry-After"]) <= 5
    assert gateway.call("GET", "/send/2026112309300042", headers=MAILBOX).status_code == 404


def test_the_last_use_of_a_token_is_noted(gateway: Served, store: Store) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    gateway.call("GET", "/send/2026112309300042", headers=MAILBOX)

    [token] = list_tokens(store)
    assert token.used_at is not None
    assert token.used_at > before


def test_redis_holds_no_token(gateway: Served, redis: Redis) -> None:
    secret = gateway.token.encode()
    gateway.call("GET", "/send/2026112309300042", headers=MAILBOX)

    held = [redis.dump(key) or b"" for key in redis.scan_iter()]
    assert held
    assert not any(secret in one for one in held)


def test_the_audit_stream_names_who_made_and_revoked_a_token(gateway: Served, store: Store) -> None:
    a_token(store, "short")
    revoke_token(store, "short", "anna@office")

    made, revoked = audit.entries(store, 2)
    assert (made["action"], made["object"]) == ("token.create", "token:short")
    assert (revoked["action"], revoked["object"], revoked["actor"]) == (
        "token.revoke",
        "token:short",
        "anna@office",
    )
