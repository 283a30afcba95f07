"""No receipt finds a mailbox full: sends wait before that, and go on when there is room again."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from redis import Redis

from tests.acceptance.site import MAILBOX, PASSWORD, TOKEN, Site, eventually, site

LIMIT = 1 << 20
COUNT = 32  # for each mailbox, of which some go to three recipients: twice what it has room for
CAMPAIGN = 60
FILE = {"name": "atto.pdf", "file": base64.b64encode(bytes(24_000)).decode()}
SECOND = {"SENDER": "beta@pec.example", "USERNAME": "beta", "PASSWORD": PASSWORD}
MAILBOXES = {"acme": MAILBOX, "beta": SECOND["SENDER"]}


@pytest.fixture
def small(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[Site]:
    """Mailboxes of 1 MiB, with receipts that come so late that many sends are in flight."""
    options = ["--quota-mb", "1", "--delivery-delay", "1.5", "--mailbox", f"beta@pec.example:beta:{PASSWORD}"]
    with site(redis, redis_url, tmp_path, rate=40, options=options) as found:
        yield found


def call(small: Site, method: str, path: str, account: str = "acme") -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}", "x-username": account, "x-password": PASSWORD}
    return requests.request(method, f"{small.sandbox_url}{path}", headers=headers, timeout=30).json()


def refused(small: Site) -> Any:
    return requests.get(f"{small.sandbox_url}/_sandbox/refused", timeout=30).json()


def pauses(redis: Redis) -> Counter[str]:
    """Return how often each account was paused for want of room, by its events."""
    entries: Any = redis.xrange("pec:events")
    events = [json.loads(fields[b"event"]) for _, fields in entries if fields[b"type"] == b"account.paused"]
    return Counter(
        one["data"]["account"] for one in events if one["data"]["reason"]["code"] == "mailbox_full"
    )


def test_no_receipt_finds_the_mailbox_full_and_sends_go_on_when_there_is_room(
    small: Site, redis: Redis
) -> None:
    for number in range(COUNT):
        for account in MAILBOXES:
            several = [f"consegna+{number}-{one}@pec.example" for one in range(3)]
            to = {"recipient": several, "together": True} if number % 8 == 7 else {"recipient": several[0]}
            small.add(account=account, id=f"{account}-{number}", subject="Atto", attachments=[FILE], **to)
    beta = {f"PEC_ACCOUNTS__BETA__{name}": value for name, value in SECOND.items()}

    with small.workers(processes=2, PEC_QUOTA__INTERVAL_SECONDS="2", **beta):
        eventually(lambda: set(pauses(redis)) == set(MAILBOXES), 60)

        states = Counter(
            small.state(f"{account}-{number}") for account in MAILBOXES for number in range(COUNT)
        )
        assert set(states) == {"queued", "delivered"}, "what waits in vain waits for nothing"
        for account in MAILBOXES:
            quota = call(small, "GET", "/quota/inbox", account)["data"]
            assert 0.75 < quota["usage"] * 1024 / LIMIT < 0.96, "the room that there is was used"
        assert pauses(redis) == {"acme": 1, "beta": 1}, "it was said once"
        assert refused(small) == []

        eventually(lambda: emptied(small), 60)
        assert redis.zcard("pec:lane:beta"), "the other mailbox still waits"
        assert refused(small) == []


def test_a_campaign_larger_than_its_mailbox_goes_through_if_what_is_archived_is_deleted(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    anchors = tmp_path / "anchor.pem"
    options = ["--quota-mb", "1", "--imap-port", "0", "--anchor-file", str(anchors)]
    with site(redis, redis_url, tmp_path, rate=40, options=options) as small:
        for number in range(CAMPAIGN):
            to = f"consegna+{number}@pec.example"
            small.add(id=f"acme-{number}", recipient=to, subject="Atto", attachments=[FILE])
        settings = {
            "PEC_ACCOUNTS__ACME__IMAP__HOST": "127.0.0.1",
            "PEC_ACCOUNTS__ACME__IMAP__PORT": small.imap_port,
            "PEC_ACCOUNTS__ACME__IMAP__TLS": "false",
            "PEC_ARCHIVE__URL": str(tmp_path / "archive"),
            "PEC_ARCHIVE__ANCHORS": str(anchors),
            "PEC_MAILBOX__PURGE": "archived",
            "PEC_MAILBOX__PURGE_GRACE_SECONDS": "0",
        }

        with small.workers(processes=2, **settings):
            eventually(lambda: proofs(small) == {"originals"}, 90)

        assert refused(small) == []
        assert len(small.sent()) == CAMPAIGN
        originals = list((tmp_path / "archive").rglob("*.eml"))
        assert len(originals) == 2 * CAMPAIGN
        assert sum(one.stat().st_size for one in originals) > 2 * LIMIT, "more than the mailbox holds"


def proofs(small: Site) -> set[str | None]:
    return {small.message(f"acme-{number}").get("proof") for number in range(CAMPAIGN)}


def emptied(small: Site) -> bool:
    """Delete what is proved while nothing is on its way: a code can be part of another's, and deletes its mails too.

    Return whether every message of the mailbox was delivered.
    """
    messages = [small.message(f"acme-{number}") for number in range(COUNT)]
    sent = [one for one in messages if one["state"] != "queued"]
    if all(one.get("proof") for one in sent):
        for one in sent:
            call(small, "DELETE", f"/send/{one['code']}")
    return len(sent) == COUNT and all(one.get("proof") for one in sent)
