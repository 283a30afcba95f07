"""Codes that the gateway gave for requests in the vendor's form: whose they are, and which receipts were put away."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from pec.store import records
from pec.store.store import Store, text_dict

_REMAINS_SECONDS = 60  # what is left of a code that has expired


@dataclass(frozen=True, slots=True)
class GivenCode:
    """A code and the job behind it. `count`: of messages with numbered ids; 0 if the message has the job's own id.

    `hidden`: keys of receipts that the client deleted, so that they are not shown again.
    """

    code: str
    job_id: str
    account: str
    count: int
    subject: str
    entries: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()

    @property
    def message_ids(self) -> list[str]:
        return records.children(self.job_id, self.count)


def owner(job_id: str, account: str, count: int, subject: str) -> dict[str, str]:
    """Return the fields by which a code is stored."""
    return {"job": job_id, "account": account, "count": str(count), "subject": subject}


def find(store: Store, code: str) -> GivenCode | None:
    stored = text_dict(store.client.hgetall(store.keys.given_code(code)))
    if "job" not in stored:
        return None
    return GivenCode(
        code=code,
        job_id=stored["job"],
        account=stored["account"],
        count=int(stored["count"]),
        subject=stored["subject"],
        entries=tuple(stored.get("entries", "").split()),
        hidden=frozenset(json.loads(stored.get("hidden", "[]"))),
    )


def hide(store: Store, given: GivenCode, keys: Iterable[str]) -> None:
    """Show these receipts no more under this code. They stay in their messages' records."""
    key, hidden = store.keys.given_code(given.code), sorted(given.hidden.union(keys))
    with store.client.pipeline() as pipeline:
        pipeline.hset(key, "hidden", json.dumps(hidden))
        pipeline.expire(key, _REMAINS_SECONDS, nx=True)  # the code expired meanwhile: HSET made its key anew
        pipeline.execute()
