"""Leftovers: Redis holds nothing after the end but records, and its counts are right."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.chaos.checks import ENDS, SETTLED, UNREACHABLE
from tests.chaos.observation import Observation


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
    yield from _misplaced(seen)


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


def _misplaced(seen: Observation) -> Iterator[str]:
    """The indexes by state, and by state and account, hold each message where its record says, and count it."""
    right: defaultdict[str, set[str]] = defaultdict(set)
    for message_id, record in seen.records.items():
        right[record["state"]].add(message_id)
        right[f"{record['state']}:{record['account']}"].add(message_id)
    for index in sorted(right.keys() | seen.entered.keys()):
        if wrong := sorted(right[index].symmetric_difference(seen.entered.get(index, ()))):
            shown = f"{', '.join(wrong[:5])}{' …' if len(wrong) > 5 else ''}"
            yield f"state:{index} and the records differ in {shown}"
    counts = Counter(record["account"] for record in seen.records.values())
    for account in sorted(counts.keys() | seen.accounts.keys()):
        if counts[account] != seen.accounts.get(account, 0):
            yield f"{seen.accounts.get(account, 0)} messages of {account} are counted, and there are {counts[account]}"
