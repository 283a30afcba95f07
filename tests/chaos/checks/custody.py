"""Find harm to proof and to mailboxes: compare what the sandbox's mailboxes hold with Redis and the archive. Pure."""

from collections.abc import Iterator
from typing import Any

from tests.chaos.observation import Observation

CLOCKS_SECONDS = 0.05  # between the clock of the archive's files and the sandbox's
PROVED = ("delivered", "undelivered", "refused", "uncertified")  # the ends that receipts prove


def proof_missing(seen: Observation) -> Iterator[str]:
    """Each end of a message whose mailbox is read by IMAP is proved by signed originals, all in the archive."""
    for message_id, record in seen.records.items():
        ends_by_imap = record.get("account") in seen.by_imap and record.get("state") in PROVED
        if ends_by_imap and record.get("proof") != "originals":
            yield f"{message_id} is {record['state']}, and its proof is {record.get('proof') or 'nothing'}"
    for message_id, receipts in seen.receipts.items():
        for sha256 in filter(None, map(_original_of, receipts)):
            if sha256 not in seen.archived:
                yield f"{message_id} names the original {sha256[:12]}, which the archive does not hold whole"


def deleted_before_archived(seen: Observation) -> Iterator[str]:
    """A receipt leaves the mailbox after its original is in the archive, and a message names it."""
    named = {_original_of(one) for receipts in seen.receipts.values() for one in receipts}
    for mail in seen.deleted:
        if mail["kind"] != "receipt":
            continue  # which another check reports
        archived_at = seen.archived.get(mail["sha256"])
        if archived_at is None:
            yield f"“{mail['subject']}” was deleted, and the archive does not hold it"
        elif archived_at > mail["at"] + CLOCKS_SECONDS:
            yield f"“{mail['subject']}” was deleted {archived_at - mail['at']:.3f} s before it was archived"
        elif mail["sha256"] not in named and not seen.restored:
            yield f"“{mail['subject']}” was deleted, and no message names its original"


def foreign_touched(seen: Observation) -> Iterator[str]:
    """A mail that is no receipt is never deleted, and no mail that stays is flagged."""
    for mail in seen.deleted:
        if mail["kind"] != "receipt":
            yield f"“{mail['subject']}” was deleted, which is no receipt"
    for mail in seen.mails:
        if mail["flags"] and mail["kind"] != "receipt":
            yield f"“{mail['subject']}” is flagged: {', '.join(mail['flags'])}"
        if "\\Seen" in mail["flags"]:
            yield f"“{mail['subject']}” was marked as read"


def receipts_lost(seen: Observation) -> Iterator[str]:
    """No mail finds its mailbox full."""
    for mail in seen.refused:
        yield f"“{mail['subject']}” of {mail['size_bytes']} bytes found {mail['mailbox']} full"


def _original_of(receipt: dict[str, Any]) -> str:
    return str((receipt.get("original") or {}).get("sha256") or "")
