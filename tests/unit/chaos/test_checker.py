"""The checker of chaos is itself attacked: each harm, planted in a clean run, is found by its own check alone."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.campaign import Expected
from tests.chaos.checker import CHECKS, check
from tests.chaos.checks.pace import LATE_SECONDS
from tests.chaos.observation import Observation, lost_outcomes
from tests.unit.chaos.observations import clean, ended_more, enter, record, reject
from workers import rate_limiter

Plant = Callable[[Observation], object]


def test_a_clean_run_has_no_harm() -> None:
    assert check(clean()) == {kind: [] for kind in CHECKS}


def test_a_send_may_be_as_late_as_the_product_says() -> None:
    """Written twice, so that a product that allows itself more is seen."""
    assert LATE_SECONDS == rate_limiter.LATE_SECONDS


def _vanish(seen: Observation) -> None:
    """A job that was acknowledged left no trace. Its content was never counted."""
    seen.records.pop("good")
    seen.events = [one for one in seen.events if one["data"].get("id") != "good"]
    seen.received = [one for one in seen.received if one["data"].get("id") != "good"]
    seen.sent.pop(0)
    seen.contents = {sha256: count - 1 for sha256, count in seen.contents.items()}
    seen.batches["b"]["delivered"] = "0"
    ended_more(seen, -1)
    enter(seen)


def _reject_the_good(seen: Observation) -> None:
    _vanish(seen)
    reject(seen, "0-0", "[could not be taken]")


def _reject_the_pair(seen: Observation) -> None:
    seen.expected |= {"pair#1": Expected("delivered"), "pair#2": Expected("delivered")}
    seen.added["6-0"] = {"job_id": "pair", "refused": False}
    reject(seen, "6-0", "[one recipient is enough]")


def _take_the_bad(seen: Observation) -> None:
    seen.rejected.clear()
    _hide_event(seen, "e-rejected-5-0")


def _publish_rejection_twice(seen: Observation) -> None:
    for kind in ("events", "received"):
        again = next(one for one in getattr(seen, kind) if one["type"] == "job.rejected")
        getattr(seen, kind).append({**again, "id": "e-rejected-again"})


def _held_without_death(seen: Observation) -> None:
    """The product's word alone: its event says that a worker died."""
    seen.posts.pop(1)
    for event in (*seen.events, *seen.received):
        if event["id"] == "e-doubtful-3":
            event["data"]["reason"] = {"code": "worker_lost"}


def _receipt(seen: Observation, message_id: str, **fields: Any) -> None:
    seen.receipts[message_id][0] |= fields


def _delete(seen: Observation, **fields: Any) -> None:
    seen.deleted.append({**seen.deleted[0], **fields})


def _delete_unnamed(seen: Observation) -> None:
    seen.archived["d" * 64] = 1.0
    _delete(seen, sha256="d" * 64)


def _hurry(seen: Observation, interval: float) -> None:
    seen.first_bytes += [{"token": "hasty", "at": 5 + interval * number} for number in range(31)]


def _write_together(seen: Observation, at: float) -> None:
    """Return harm that no other check finds."""
    post: dict[str, Any] = {"messages": [], "fault": None, "forwarded": True, "status": 201, "token": "t"}
    seen.posts += [{**post, "at": at + 0.01 * number} for number in range(11)]


def _hide_event(seen: Observation, event_id: str) -> None:
    seen.events = [one for one in seen.events if one["id"] != event_id]
    seen.received = [one for one in seen.received if one["id"] != event_id]


def _publish_batch_twice(seen: Observation) -> None:
    for kind in ("events", "received"):
        again = next(one for one in getattr(seen, kind) if one["type"] == "batch.completed")
        getattr(seen, kind).append({**again, "id": "e-batch-again"})


def _drop_delivery(seen: Observation, event_id: str) -> None:
    """Neither the last one nor the one that the last believes."""
    seen.received = [one for one in seen.received if one["id"] != event_id]


def _tell_later_state_wrongly(seen: Observation) -> None:
    """The endpoint got an event after the end that the stream never had."""
    data = {"id": "good", "sequence": 9, "state": "accepted"}
    seen.received.append({"endpoint": "steady", "id": "e-good-9", "type": "message.accepted", "data": data})


def _two_events_with_one_id(seen: Observation) -> None:
    first = seen.received[0]
    seen.received.insert(0, {**first, "data": {**first["data"], "state": "sent"}})


def _never_ends(seen: Observation) -> None:
    """All its messages ended, and it counts one less: its completion will not be published."""
    seen.batches["b"].update({"ended": "3"})
    _hide_event(seen, "e-batch")


PERHAPS_SENT = '{"code": "perhaps_sent"}'

PLANTED: list[tuple[str, str, Plant]] = [
    ("webhooks missing", "no event reports a rejection", lambda seen: _hide_event(seen, "e-rejected-5-0")),
    ("webhooks missing", "a rejection is published 2 times", _publish_rejection_twice),
    ("lost", "a job left no trace", _vanish),
    ("lost", "a good job was rejected", _reject_the_good),
    ("lost", "a job of two recipients was rejected", _reject_the_pair),
    ("lost", "a message is still being sent", lambda seen: record(seen, "good", state="sending")),
    ("lost", "a message was forgotten in the lane", lambda seen: record(seen, "doubtful", state="queued")),
    (
        "lost",
        "an uncertain message was never settled",
        lambda seen: record(seen, "doubtful", state="uncertain"),
    ),
    ("lost", "a job that can't be taken was taken in silence", _take_the_bad),
    (
        "sent twice",
        "the ledger has it in two PECs",
        lambda seen: seen.sent.append({"messages": ["good"], "code": "33"}),
    ),
    (
        "sent twice",
        "posted again in doubt, though neither was sent",
        lambda seen: seen.posts.append({**seen.posts[1], "fault": None, "at": 9.0}),
    ),
    ("wrong end", "sent and delivered, it is failed", lambda seen: record(seen, "good", state="failed")),
    ("wrong end", "sent and found, it is held", lambda seen: record(seen, "good", state="held")),
    (
        "wrong end",
        "refused by its recipient, it is delivered",
        lambda seen: record(seen, "adopted", state="delivered"),
    ),
    ("wrong end", "never sent, it is delivered", lambda seen: record(seen, "doubtful", state="delivered")),
    (
        "wrong end",
        "never sent, it is failed without a 400",
        lambda seen: record(seen, "doubtful", state="failed"),
    ),
    ("wrong end", "cancelled without being asked", lambda seen: record(seen, "doubtful", state="cancelled")),
    ("wrong end", "held without any doubt", lambda seen: seen.posts.pop(1)),
    ("wrong end", "held as of a dead worker, and none died", lambda seen: _held_without_death(seen)),
    ("wrong end", "failed without a 400", lambda seen: seen.posts.pop(2)),
    ("wrong end", "it has another PEC's code", lambda seen: record(seen, "good", code="22")),
    ("receipts missing", "delivered without its CONSEGNA", lambda seen: seen.receipts.pop("good")),
    ("receipts missing", "a CONSEGNA without its text", lambda seen: _receipt(seen, "good", text=None)),
    ("receipts missing", "a forger's text", lambda seen: _receipt(seen, "good", text="Consegnato.")),
    ("receipts missing", "another PEC's CONSEGNA", lambda seen: _receipt(seen, "good", code="117")),
    ("receipts missing", "only accepted", lambda seen: _receipt(seen, "good", kind="accettazione")),
    (
        "receipts missing",
        "undelivered by the 12 h notice",
        lambda seen: _receipt(seen, "adopted", kind="preavviso-errore-consegna", final=False),
    ),
    ("receipts missing", "undelivered by nothing", lambda seen: seen.receipts.update(adopted=[])),
    ("webhooks missing", "an event never came", lambda seen: _drop_delivery(seen, "e-good-2")),
    ("webhooks missing", "a batch's completion was not published", lambda seen: _hide_event(seen, "e-batch")),
    ("webhooks missing", "a batch's completion was published twice", _publish_batch_twice),
    (
        "webhooks missing",
        "a state in between was never published",
        lambda seen: _hide_event(seen, "e-good-4"),
    ),
    ("webhooks missing", "the size of a batch was lost", lambda seen: seen.batches["b"].update(size="3")),
    ("webhooks in conflict", "a consumer believes another state", _tell_later_state_wrongly),
    ("webhooks in conflict", "one webhook-id names two events", _two_events_with_one_id),
    ("webhooks in conflict", "a signature was refused", lambda seen: setattr(seen, "forged", 1)),
    ("webhooks in conflict", "an address inside was called", lambda seen: setattr(seen, "intrusions", 1)),
    (
        "sends too close",
        "20 ms instead of 43",
        lambda seen: seen.first_bytes.append({"token": "t", "at": 1.02}),
    ),
    ("sends too close", "30 intervals of 38 ms instead of 43", lambda seen: _hurry(seen, 0.038)),
    ("sends too close", "noted in time, and written together", lambda seen: _write_together(seen, 2.0)),
    (
        "sends too close",
        "a second before its not_before",
        lambda seen: seen.not_before.update(good=2.0),
    ),
    (
        "wrong end",
        "sent and delivered, though its batch was cancelled long before",
        lambda seen: seen.expected.update(good=Expected("nothing", ("cancelled",), "delivered")),
    ),
    ("left over", "a hint's entry", lambda seen: seen.schedule.update({"due:send": ["t"]})),
    ("left over", "a claim's look-up", lambda seen: seen.schedule["due:lookup"].append("good")),
    ("left over", "a check after a certain end", lambda seen: seen.schedule["due:check"].append("good")),
    ("left over", "a message in its lane", lambda seen: seen.schedule.update({"lane:acme": ["good"]})),
    ("left over", "a place on the wire", lambda seen: seen.schedule.update({"in_flight:t": ["good"]})),
    ("left over", "a delivery", lambda seen: seen.schedule.update({"deliveries:steady": ["1-0"]})),
    ("left over", "a pending job", lambda seen: seen.schedule.update({"pending:jobs:workers": ["?"]})),
    ("left over", "content that no message needs", lambda seen: seen.contents.update({"c" * 64: 1})),
    ("left over", "content counted once too often", lambda seen: seen.contents.update({"b" * 64: 6})),
    ("left over", "content that went too soon", lambda seen: seen.contents.pop("f" * 64)),
    ("left over", "a batch that counts wrongly", lambda seen: seen.batches["b"].update({"held": "2"})),
    ("left over", "a batch that is said to go on", lambda seen: _never_ends(seen)),
    ("left over", "a message in no state", lambda seen: seen.entered["delivered"].remove("good")),
    ("left over", "a message in two states", lambda seen: seen.entered["held"].append("good")),
    ("left over", "a message that went", lambda seen: seen.entered.update({"expired": ["gone"]})),
    ("left over", "one of no account", lambda seen: seen.entered["delivered:acme"].remove("good")),
    ("left over", "one in two states of its account", lambda seen: seen.entered["held:acme"].append("good")),
    (
        "left over",
        "a message of another account",
        lambda seen: seen.entered.update({"held:globex": ["doubtful"]}),
    ),
    ("left over", "an account that counts wrongly", lambda seen: seen.accounts.update(acme=6)),
    ("left over", "an account that is not listed", lambda seen: seen.accounts.clear()),
    ("proof missing", "proved by texts alone", lambda seen: seen.records["good"].update(proof="texts")),
    (
        "proof missing",
        "an original that is in no archive",
        lambda seen: _receipt(seen, "adopted", original={"sha256": "a" * 64}),
    ),
    ("deleted before archived", "never archived", lambda seen: _delete(seen, sha256="e" * 64)),
    ("deleted before archived", "archived a second later", lambda seen: seen.deleted[0].update(at=9.0)),
    (
        "deleted before archived",
        "archived, and no message names it",
        lambda seen: _delete_unnamed(seen),
    ),
    ("foreign mail touched", "a reply was deleted", lambda seen: _delete(seen, kind="envelope")),
    ("foreign mail touched", "an ordinary mail was deleted", lambda seen: _delete(seen, kind="ordinary")),
    (
        "foreign mail touched",
        "a PEC is marked for deletion",
        lambda seen: seen.mails[1].update(flags=["\\Deleted"]),
    ),
    ("foreign mail touched", "a receipt was read", lambda seen: seen.mails[0].update(flags=["\\Seen"])),
    (
        "receipt lost for want of room",
        "a CONSEGNA",
        lambda seen: seen.refused.append(
            {"mailbox": "acme@pec.example", "subject": "CONSEGNA: 11", "size_bytes": 9000}
        ),
    ),
]


@pytest.mark.parametrize(
    ("kind", "what", "plant"), PLANTED, ids=[f"{kind}: {what}" for kind, what, _ in PLANTED]
)
def test_planted_harm_is_found_by_its_check_and_no_other(kind: str, what: str, plant: Plant) -> None:
    seen = clean()
    plant(seen)

    found = [name for name, evidence in check(seen).items() if evidence]

    assert found == [kind], what


def test_every_check_has_harm_that_it_alone_finds() -> None:
    """So that a check taken away would be noticed."""
    assert {kind for kind, _, _ in PLANTED} == set(CHECKS)


def test_a_state_without_an_event_is_missed() -> None:
    """It shows twice: no event has the state, and consumers keep the previous one."""
    seen = clean()
    _hide_event(seen, "e-good-5")

    found = check(seen)

    assert found["webhooks missing"]
    assert found["webhooks in conflict"]


def test_a_mail_that_came_in_may_be_reported_again_once_the_archive_has_it() -> None:
    """A failover lost its record, and it was read again."""
    seen = clean()
    first = {**seen.received[0], "id": "e-mail", "type": "mail.received", "data": {"subject": "Re: 11"}}
    again = {**first, "data": {**first["data"], "archived": "a" * 64}}
    seen.received += [first, again]
    assert not check(seen)["webhooks in conflict"]

    seen.received.append({**first, "data": {"subject": "Re: 12"}})
    assert check(seen)["webhooks in conflict"]


def test_of_two_jobs_in_conflict_the_earlier_may_be_the_rejected_one() -> None:
    seen = clean()
    seen.added["6-0"] = {"job_id": "good", "refused": True}
    assert check(seen)["lost"]

    reject(seen, "0-0", "[was used before]")
    assert not check(seen)["lost"]


def test_what_a_stopped_process_was_about_to_write_may_leave_when_it_goes_on() -> None:
    seen = clean()
    seen.continued = [2.0]
    _write_together(seen, 2.0)

    assert check(seen)["sends too close"] == []


def test_after_a_restore_what_has_no_reference_may_be_held_though_it_was_sent() -> None:
    seen = clean()
    seen.restored = True
    record(seen, "good", state="held", reason=PERHAPS_SENT)
    seen.schedule["due:lookup"].append("good")

    assert check(seen)["wrong end"] == []


def _held_unsent(seen: Observation) -> str:
    """Take a message's PEC and posts away, hold it, and return its id."""
    one = next(iter(seen.records))
    seen.records[one]["state"] = "held"
    seen.sent = [pec for pec in seen.sent if one not in pec["messages"]]
    seen.posts = [post for post in seen.posts if one not in post["messages"]]
    return one


def test_a_send_whose_request_never_arrived_whole_may_be_held() -> None:
    """Its bytes left, and a busy machine took longer than the API's answer may take."""
    seen = clean()
    one = _held_unsent(seen)
    assert check(seen)["wrong end"]

    seen.first_bytes.append({"token": "late", "at": 90.0, "messages": [one]})

    assert not check(seen)["wrong end"]


def test_what_was_given_back_where_the_next_primary_got_nothing_of_it_may_be_held() -> None:
    """The next primary knows the claim alone, and no search can prove that the message was not sent."""
    seen = clean()
    one = _held_unsent(seen)
    notes = [{"at": 7.0, "picked": one}, {"at": 8.0, "settled": one}]

    for parted, is_wrong in ((None, True), ((8.6, 9.0), True), ((7.9, 8.0), True), ((7.9, 9.0), False)):
        seen.lost_outcomes = lost_outcomes(notes, parted)
        assert bool(check(seen)["wrong end"]) == is_wrong, parted
