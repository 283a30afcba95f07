"""Find harm: compare the PECs that the API sent with Redis, the events and the webhooks. Pure."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from tests.chaos import custody
from tests.chaos.campaign import Expected
from tests.chaos.observation import Observation

LATE_SECONDS = 0.005  # by which the product lets a send miss its slot
JITTER_SECONDS = 0.008  # from its look at the clock to ours: Python may give others a turn, which lasts 5 ms
# At the API the pace is judged over several intervals, of which half must pass: on a busy machine 83 ms (2 intervals)
# were measured from a worker's note to the API, so two sends alone say nothing there. Not soon after a stopped process
# goes on: what it was about to write leaves late, whatever it does.
DOOR_STRETCH = 10
DOOR_SHARE = 0.5
AWAKE_SECONDS = 0.5
CLOCKS_SECONDS = 0.005  # between the two clocks of when a job may go, and when it went
STRETCH = 20  # intervals over which the pace is looked at too
ENDS = frozenset({"delivered", "undelivered", "refused", "uncertified", "expired", "failed", "cancelled"})
EXPLAINED = ("delivered", "undelivered", "refused", "uncertified")  # by a receipt
SETTLED = ENDS | {"held"}
UNREACHABLE = "inside"  # an endpoint in our own network: its deliveries must die
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

Check = Callable[[Observation], Iterator[str]]


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
    - held: right where an answer was lost, or a worker died after the claim; without such, it had to be sent;
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
    """Return the messages of which it is unknown whether they were sent: by a fault of the API, or by a death."""
    by_api = {
        message_id
        for post in seen.posts
        if post["fault"] in DOUBTFUL | REDIRECTED or post["status"] is None or post["status"] >= 500
        for message_id in post["messages"]
    }
    if not seen.restored:
        return by_api | set(seen.in_dead_hands)
    by_event = {  # work that was in hand when the backup was made has no notes
        event["data"]["id"]
        for event in seen.events
        if event["type"] == "message.uncertain"
        and _reason(event) in ("worker_lost", "deadline", "timeout", "reset")
    }
    return by_api | set(seen.in_dead_hands) | by_event


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


def webhooks_missing(seen: Observation) -> Iterator[str]:
    """Every event reached every subscribed endpoint, and every change of state is an event."""
    received = {(one["endpoint"], one["id"]) for one in seen.received}
    dead = {(one["endpoint"], one["id"]) for one in seen.dead}
    for name, types in seen.endpoints.items():
        for event in seen.events:
            if types is not None and event["type"] not in types:
                continue
            key = (name, event["id"])
            if name == UNREACHABLE:
                if key in received:
                    yield f"{event['id']} reached {name}, which no webhook may reach"
            elif key not in received:
                yield f"{event['type']} {event['id']} never reached {name}{' (dead)' if key in dead else ''}"
    published = _last_published(seen.events)
    for message_id, record in seen.records.items():
        if published.get(message_id, {}).get("state") != record.get("state"):
            yield f"{message_id} is {record.get('state')}, and no event reports it"
    yield from _states_unpublished(seen)
    yield from _batches_unpublished(seen)
    yield from _rejections_unpublished(seen)


def _rejections_unpublished(seen: Observation) -> Iterator[str]:
    """Each rejection is one event, and each such event a rejection."""
    published = Counter(one["data"]["entry"] for one in seen.events if one["type"] == "job.rejected")
    for entry in published.keys() | seen.rejected.keys():
        if published[entry] != int(entry in seen.rejected):
            yield f"the rejection of {entry} is published {published[entry]} times"


def _states_unpublished(seen: Observation) -> Iterator[str]:
    """Each change names the previous state: if that was never published, an event is missing in between."""
    last: dict[str, str | None] = {}
    changes = [one["data"] for one in seen.events if one["type"] == f"message.{one['data'].get('state')}"]
    for data in sorted(changes, key=lambda data: int(data["sequence"])):
        if data.get("previous") != last.get(data["id"]):
            yield f"{data['id']} became {data['state']} from {data.get('previous')}, which no event reports"
        last[data["id"]] = data["state"]


def _batches_unpublished(seen: Observation) -> Iterator[str]:
    for name in seen.batches.keys() | seen.batch_sizes.keys():
        batch = seen.batches.get(name, {})
        published = [
            one for one in seen.events if one["type"] == "batch.completed" and one["data"]["batch"] == name
        ]
        size = seen.batch_sizes.get(name)
        if size is not None and int(batch.get("size", 0)) != size:
            yield f"the batch {name} has the size {batch.get('size')}, and was said to have {size}"
        complete = batch.get("size") is not None and int(batch.get("ended", 0)) >= int(batch["size"])
        if len(published) != int(complete):
            yield f"the batch {name} published its completion {len(published)} times"


def _last_published(events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The event with the greatest sequence of each message has the state that a consumer ends up with."""
    last: dict[str, dict[str, Any]] = {}
    for event in events:
        data = event["data"]
        if "sequence" not in data:
            continue
        if int(data["sequence"]) >= int(last.get(data["id"], {}).get("sequence", 0)):
            last[data["id"]] = data
    return last


def webhooks_in_conflict(seen: Observation) -> Iterator[str]:
    """A consumer that follows the rules believes what Redis says, also after a restore or a failover."""
    for name, types in seen.endpoints.items():
        if types is not None:
            continue
        believed = _last_published([one for one in seen.received if one["endpoint"] == name])
        for message_id, data in believed.items():
            record = seen.records.get(message_id, {})
            if data["state"] != record.get("state"):
                yield f"{name} believes {message_id} {data['state']}, and it is {record.get('state', 'nowhere')}"
    bodies: dict[str, dict[str, Any]] = {}
    for one in seen.received:
        if bodies.setdefault(one["id"], one["data"]) != one["data"]:
            yield f"{one['id']} was published in two ways"
    if seen.forged:
        yield f"{seen.forged} deliveries had a signature that consumers refuse"
    if seen.intrusions:
        yield f"{seen.intrusions} connections to an address that no webhook may reach"


def too_close(seen: Observation) -> Iterator[str]:
    """First bytes of one token keep their distance, but for the little that the product allows itself."""
    yield from _too_early(seen)
    yield from _too_close_at_the_door(seen)
    least = seen.interval_seconds - LATE_SECONDS - JITTER_SECONDS
    times: dict[str, list[float]] = defaultdict(list)
    if seen.posts and not seen.first_bytes:
        yield "no first byte was noted: workers were not watched"
    for one in seen.first_bytes:
        times[one["token"]].append(one["at"])
    for token, moments in times.items():
        moments.sort()
        for earlier, later in pairwise(moments):
            if later - earlier < least:
                yield f"two sends of {token} at {earlier:.3f}: {1000 * (later - earlier):.1f} ms apart"
        # lateness does not add up: over a stretch the pace shows that a limiter a little too fast hides between two
        for earlier, later in zip(moments, moments[STRETCH:], strict=False):
            if later - earlier < STRETCH * seen.interval_seconds - 2 * (LATE_SECONDS + JITTER_SECONDS):
                yield f"{STRETCH} intervals of {token} from {earlier:.3f} took {later - earlier:.3f} s"


def _too_close_at_the_door(seen: Observation) -> Iterator[str]:
    """Check the sends that the API saw: they alone show a send that a worker notes and makes much later, or never."""
    times: dict[str, list[float]] = defaultdict(list)
    for post in seen.posts:
        if not any(0 <= post["at"] - moment <= AWAKE_SECONDS for moment in seen.continued):
            times[post["token"]].append(post["at"])
    for token, moments in times.items():
        moments.sort()
        for earlier, later in zip(moments, moments[DOOR_STRETCH:], strict=False):
            if later - earlier < DOOR_SHARE * DOOR_STRETCH * seen.interval_seconds:
                yield f"{DOOR_STRETCH} intervals of {token} from {earlier:.3f} took {later - earlier:.3f} s at the API"


def _too_early(seen: Observation) -> Iterator[str]:
    """Before the `not_before` of its job."""
    for post in seen.posts:
        for message_id in post["messages"]:
            early = seen.not_before.get(message_id, 0.0) - post["at"]
            if early > CLOCKS_SECONDS:
                yield f"{message_id} was posted {early:.3f} s before its time"


def left_over(seen: Observation) -> Iterator[str]:
    """No task waits forever, and content stays as long as a message needs it."""
    for key, members in seen.schedule.items():
        wrong = [member for member in members if not _may_wait(key, member, seen)]
        if wrong:
            yield f"{key}: {', '.join(wrong[:5])}{' …' if len(wrong) > 5 else ''}"
    needed = Counter(sha256 for record in seen.records.values() for sha256 in _content_of(record))
    for sha256 in needed.keys() | seen.contents.keys():
        if needed[sha256] != seen.contents.get(sha256, 0):
            yield f"content {sha256[:8]} is counted {seen.contents.get(sha256, 0)} times, needed {needed[sha256]}"
    yield from _miscounted(seen)


def _may_wait(key: str, member: str, seen: Observation) -> bool:
    """Looks that come back for ever, late looks after an end, and what goes to the endpoint that can't be reached."""
    state = seen.records.get(member, {}).get("state")
    match key:
        case "due:quota" | "due:sweep" | "due:archive":
            return True
        case "due:check":
            return state in ("expired", "undelivered")
        case "due:lookup":
            return state == "held"
        case "due:webhook":
            return member == UNREACHABLE
    return key.endswith(f":{UNREACHABLE}")


def _content_of(record: dict[str, str]) -> set[str]:
    """The SHA-256 of its body and of its attachments."""

    attached = json.loads(record.get("attachments", "[]"))
    return {sha256 for sha256 in (record.get("body", ""), *(pair[1] for pair in attached)) if sha256}


def _miscounted(seen: Observation) -> Iterator[str]:
    for name, batch in seen.batches.items():
        counts = Counter(record["state"] for record in seen.records.values() if record.get("batch") == name)
        for state in counts.keys() | (batch.keys() & SETTLED):
            if counts[state] != int(batch.get(state, 0)):
                yield f"the batch {name} counts {batch.get(state, 0)} {state}, and there are {counts[state]}"
        ended = sum(counts[state] for state in ENDS)
        if ended != int(batch.get("ended", 0)):
            yield f"the batch {name} counts {batch.get('ended', 0)} ended, and there are {ended}"


CHECKS: dict[str, Check] = {
    "lost": lost,
    "sent twice": sent_twice,
    "wrong end": wrong_end,
    "receipts missing": receipts_missing,
    "webhooks missing": webhooks_missing,
    "webhooks in conflict": webhooks_in_conflict,
    "sends too close": too_close,
    "left over": left_over,
    "proof missing": custody.proof_missing,
    "deleted before archived": custody.deleted_before_archived,
    "foreign mail touched": custody.foreign_touched,
    "receipt lost for want of room": custody.receipts_lost,
}


def check(seen: Observation) -> dict[str, list[str]]:
    """Evidence of each kind of harm; empty lists where there is none."""
    return {kind: list(find(seen)) for kind, find in CHECKS.items()}
