"""Messages: each has the end that it should have, sent once, with its receipts."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.chaos.campaign import Expected
from tests.chaos.checks import SETTLED
from tests.chaos.observation import Observation

EXPLAINED = ("delivered", "undelivered", "refused", "uncertified")  # by a receipt
# Faults after which the client can't know that nothing was sent, though nothing was.
DOUBTFUL = frozenset(
    {
        "timeout-before",
        "reset-before",
        "500-before",
        "502-html-before",
        "307",
        "smtp-text",
        "slow-upload",
        "reset",
        "503",
        "silence",
    }
)
REDIRECTED = frozenset({"hung_up"})  # may pass for either: the connection ended before an answer

REFUSALS = frozenset({400, 401, 402, 403, 429})  # by which the API says that it did not send


def lost(seen: Observation) -> Iterator[str]:
    """Every job that Redis acknowledged has an end, is held, or was rejected with a reason.

    Of two jobs with one id and other content either may be: a death can put the later before the earlier.
    """
    rejections = _rejections(seen)
    for entry, job in seen.added.items():
        if entry in seen.rejected:
            continue
        for message_id in _ids_of(job["job_id"], seen):
            state = seen.records.get(message_id, {}).get("state", "nowhere")
            if state not in SETTLED:
                yield f"{message_id} is {state}"
        if job["refused"] and job["job_id"] not in rejections:
            yield f"{job['job_id']}: a job that can't be taken was not rejected"
    for job_id, reasons in rejections.items():
        for message_id in _ids_of(job_id, seen):
            if not seen.records.get(message_id):
                yield f"{message_id} was rejected: {reasons}"


def _ids_of(job_id: str, seen: Observation) -> list[str]:
    """Return the ids of its messages: a job with several recipients makes several."""
    return [one for one in seen.expected if one == job_id or one.startswith(f"{job_id}#")]


def _rejections(seen: Observation) -> dict[str, str]:
    return {seen.added[entry]["job_id"]: why for entry, why in seen.rejected.items() if entry in seen.added}


def sent_twice(seen: Observation) -> Iterator[str]:
    """The ledger has no message in two PECs."""
    for message_id, times in _times_sent(seen).items():
        if times > 1:
            yield f"{message_id} was sent {times} times"
    yield from _sent_again_in_doubt(seen)


def _sent_again_in_doubt(seen: Observation) -> Iterator[str]:
    """No message is posted again but after an answer that says it was not sent: luck is no excuse.

    After a restore only what came since: what the backup has as queued may be sent when the mailbox shows nothing.
    """
    doubted: set[str] = set()
    for post in seen.posts:
        if post.get("before_restore"):
            continue
        for message_id in post["messages"]:
            if message_id in doubted:
                yield f"{message_id} was posted again, though the answer before was lost"
            if post["status"] not in REFUSALS:
                doubted.add(message_id)


def _times_sent(seen: Observation) -> Counter[str]:
    return Counter(message_id for pec in seen.sent for message_id in pec["messages"])


def wrong_end(seen: Observation) -> Iterator[str]:
    """The truth table below, and the code, for each settled message."""
    times = _times_sent(seen)
    codes = {message_id: pec["code"] for pec in seen.sent for message_id in pec["messages"]}
    doubtful, refused = _doubtful(seen), _refused(seen)
    for message_id, expected in seen.expected.items():
        record = seen.records.get(message_id, {})
        state = record.get("state", "")
        if state not in SETTLED:
            continue  # lost, which another check reports
        right = (
            _ends_if_sent(expected, record, restored=seen.restored)
            if times[message_id]
            else _ends_if_unsent(expected, message_id in doubtful, message_id in refused)
        )
        if state not in right:
            was = "was sent" if times[message_id] else "was not sent"
            yield f"{message_id} {was} and is {state}, not {' or '.join(sorted(right)) or 'anything'}"
        if times[message_id] == 1 and record.get("code", "") not in ("", codes[message_id]):
            yield f"{message_id} has the code {record['code']}, and was sent as {codes[message_id]}"


def _ends_if_sent(expected: Expected, record: dict[str, str], *, restored: bool) -> set[str]:
    """The API sent it.

    - its scenario's end: right, whatever happened to the answer, because its receipts stand in the mailbox;
    - held: right after a restore where it has no reference, because then one alike proves nothing; else wrong,
      because the reference, or subject, recipient and time, must have found it;
    - failed, cancelled, expired in the lane: wrong, an operator reads that it was not sent.
    """
    alike = (
        restored
        and "has_reference" not in record
        and json.loads(record.get("reason", "{}")).get("code") == "perhaps_sent"
    )
    end = expected.after_restore if restored and expected.after_restore else expected.if_sent
    return {end, "held"} if alike else {end}


def _ends_if_unsent(expected: Expected, doubtful: bool, refused: bool) -> set[str]:
    """The API did not send it.

    - an end that says so (cancelled; expired before its not_after let it go): right where its job asks for it;
    - held: right where an answer was lost, a worker died after the claim, or a failover lost what came after it;
      without such, it had to be sent;
    - failed: right where the API answered 400;
    - an end that only receipts can cause (delivered, …): always wrong.
    """
    ends = set(expected.if_unsent)
    if doubtful:
        ends.add("held")
    if refused:
        ends.add("failed")
    return ends


def _doubtful(seen: Observation) -> set[str]:
    """Return the messages of which none knows whether they were sent: a fault of the API, a death or a failover."""
    by_api = {
        message_id
        for post in seen.posts
        if post["fault"] in DOUBTFUL | REDIRECTED or post["status"] is None or post["status"] >= 500
        for message_id in post["messages"]
    }
    by_api |= _cut_short(seen)
    in_hand = {*seen.in_dead_hands, *seen.lost_outcomes}
    if not seen.restored:
        return by_api | in_hand
    by_event = {  # work that was in hand when the backup was made has no notes
        event["data"]["id"]
        for event in seen.events
        if event["type"] == "message.uncertain"
        and _reason(event) in ("worker_lost", "deadline", "timeout", "reset")
    }
    return by_api | in_hand | by_event


def _cut_short(seen: Observation) -> set[str]:
    """Return the messages whose bytes left more often than the API had a whole request: a busy machine's timeouts."""
    arrived = Counter(message_id for post in seen.posts for message_id in post["messages"])
    left = Counter(message_id for one in seen.first_bytes for message_id in one.get("messages", ()))
    return {message_id for message_id, times in left.items() if times > arrived[message_id]}


def _reason(event: dict[str, Any]) -> str:
    return str((event["data"].get("reason") or {}).get("code", ""))


def _refused(seen: Observation) -> set[str]:
    return {one for post in seen.posts if post["status"] == 400 for one in post["messages"]}


def receipts_missing(seen: Observation) -> Iterator[str]:
    """Each state that follows from receipts has its receipt, complete: it is the proof in court."""
    for message_id, record in seen.records.items():
        state = record.get("state", "")
        kept = seen.receipts.get(message_id, [])
        if state in EXPLAINED and not any(_explains(state, one, record) for one in kept):
            kinds = ", ".join(one["kind"] for one in kept) or "nothing"
            yield f"{message_id} is {state}, and of its receipts {kinds} is kept, which does not explain it"


def _explains(state: str, receipt: dict[str, Any], record: dict[str, str]) -> bool:
    """Return whether the receipt is of the right kind, of this PEC, and quotes the provider's id, with the code."""
    is_of_kind = {
        "delivered": receipt["kind"] == "avvenuta-consegna",
        "undelivered": receipt["kind"] == "errore-consegna"
        or (receipt["kind"] == "preavviso-errore-consegna" and receipt["final"] is not False),
        "refused": receipt["kind"] == "non-accettazione",
        "uncertified": receipt["kind"] == "accettazione" and not all(sure for _, sure in receipt["named"]),
    }[state]
    code = record.get("code", "")
    quoted = (receipt["text"] or "") + (receipt.get("original") or {}).get("identificativo", "")
    return is_of_kind and receipt["code"] == code and f".{code}." in quoted
