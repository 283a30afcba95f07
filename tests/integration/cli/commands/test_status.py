"""`pec status`, `list`, `receipts`, `config`, and `pec` alone."""

import csv
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cli.shapes import REJECTED_COLUMNS
from config.settings import Retention
from pec.changes import Change, changed
from pec.instants import ROME
from pec.messages import Message, Reason
from pec.names import State
from pec.reasons import reason_by_code
from pec.receipts import Receipt
from pec.store import accounts, heartbeat, retention
from producers import Producer
from tests.integration.commands import Pec
from tests.integration.producing import RECEIPT, SEND, Settle, TakeJobs, to


@pytest.fixture
def two(producer: Producer, take_jobs: TakeJobs) -> None:
    """Two queued messages, `inv-1` and `inv-2`."""
    for number in (1, 2):
        producer.send(f"inv-{number}", **SEND)
    take_jobs()


@pytest.mark.usefixtures("two")
def test_a_queued_message_says_how_many_go_before_it(pec: Pec, producer: Producer) -> None:
    [found] = pec("status", "inv-2", "--json").lines

    assert (found["state"], found["recipient"], found["subject"]) == ("queued", "x@pec.example", "Fattura")
    assert "no live worker" in found["why"]  # only the account was registered
    assert [entry["state"] for entry in found["timeline"]] == ["queued"]
    assert found["next"] == [{"what": "send", "at": found["turn_at"]}]


@pytest.mark.usefixtures("two")
def test_a_message_of_a_paused_account_has_its_send_next_at_no_known_time(pec: Pec) -> None:
    pec("pause", "acme")

    [found] = pec("status", "inv-2", "--json").lines
    assert found["next"] == [{"what": "send", "at": None}]
    assert "\tnext: it is sent when its turn comes\t" in pec("status", "inv-2").out


def test_a_message_that_retention_removed_is_reported_as_such(
    pec: Pec, producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.send("inv-1", **SEND)
    producer.send("many", **{**SEND, "recipient": ["a@pec.example", "b@pec.example"]})
    take_jobs()
    rules, now = Retention(delete_unexported=True), datetime.now(UTC) + timedelta(days=1000)
    for message_id in ("inv-1", "many#1", "many#2"):
        change(message_id, to(State.DELIVERED))
        assert retention.forget(producer.store, message_id, now, rules)

    for job in ("inv-1", "many"):
        found = pec("status", job)

        assert found.code == 3
        assert f"{job} was deleted after its retention" in found.err
        assert "its id stays used" in found.err


@pytest.mark.usefixtures("two")
def test_a_paused_account_is_reported_with_its_remedy(pec: Pec, producer: Producer) -> None:
    accounts.pause(producer.store, "acme", reason_by_code("wallet"))

    assert "top up the wallet" in pec("status", "inv-1").out
    overview = pec("status")
    assert overview.out.splitlines()[3].split("\t")[-1] == "wallet"
    assert "account acme: the API's wallet is empty: top up" in overview.err
    assert "`pec resume acme`" in overview.err


@pytest.mark.usefixtures("two")
def test_the_overview_is_data_too(pec: Pec) -> None:
    [found] = pec("status", "--json").lines

    assert found["messages"]["queued"] == 2
    assert [(lane["account"], lane["waiting"], lane["served"]) for lane in found["lanes"]] == [
        ("acme", 2, True)
    ]
    assert found["streams"]["jobs"] == 0
    assert "send" in found["unserved_queues"]


def test_accounts_of_a_token_share_its_pace_and_a_paused_one_takes_no_slot(
    pec: Pec, producer: Producer, take_jobs: TakeJobs
) -> None:
    heartbeat.beat(producer.store, {"account": ["beta"], "queue": ["send"]}, 60)
    accounts.register(producer.store, "beta", "token-digest")
    for account, count in {"acme": 3, "beta": 5}.items():
        producer.send_many({**SEND, "account": account, "id": f"{account}-{one}"} for one in range(count))
    take_jobs()

    assert seconds_left(pec) == {"acme": 6, "beta": 8}
    [one] = pec("status", "acme-1", "--json").lines
    assert one["position"] == 1
    assert one["why"].startswith("1 of its account goes before it: its turn is likely at ")
    assert one["why"].endswith(" in Rome, in about 4 s")

    pec("pause", "beta")
    assert seconds_left(pec) == {"acme": 3, "beta": None}


def seconds_left(pec: Pec) -> dict[str, int | None]:
    [found] = pec("status", "--json").lines
    left = {lane["account"]: lane["seconds_to_empty"] for lane in found["lanes"]}
    return {account: None if seconds is None else round(seconds) for account, seconds in left.items()}


def test_an_unknown_id_says_where_to_look(pec: Pec, producer: Producer) -> None:
    unknown = pec("status", "inv-9")
    assert (unknown.code, "`pec list`" in unknown.err) == (3, True)

    producer.send("inv-9", **SEND)
    assert "1 job waits to be taken, for 0 s so far, and it may be this one" in pec("status", "inv-9").err


def test_the_id_of_a_rejected_job_says_why_it_was_rejected(
    pec: Pec, producer: Producer, take_jobs: TakeJobs
) -> None:
    producer.send("inv-9", **{**SEND, "account": "acmee"})
    take_jobs()

    rejected = pec("status", "inv-9")

    assert rejected.code == 3
    assert "account: is not configured on any live worker" in rejected.err


def test_rejected_jobs_are_listed_with_what_is_wrong(
    pec: Pec, producer: Producer, take_jobs: TakeJobs
) -> None:
    producer.send("inv-8", **{**SEND, "account": "acmee"}, batch="b")
    producer.store.client.xadd("pec:jobs", {"job": "{"})
    producer.send("inv-9", **{**SEND, "account": "acmf"})
    take_jobs()

    listed = pec("list", "--rejected", "--json").lines
    shown = pec("list", "--rejected", "--limit", "1")

    assert [one["errors"][0]["field"] for one in listed] == ["account", "account", "job"]
    assert {name: listed[1][name] for name in ("id", "state", "job_type", "account", "batch")} == {
        "id": "inv-8",
        "state": "rejected",
        "job_type": "send",
        "account": "acmee",
        "batch": "b",
    }
    assert listed[2]["id"] == listed[2]["entry"]
    assert [one["id"] for one in pec("list", "--rejected", "--batch", "b", "--json").lines] == ["inv-8"]
    assert [one["id"] for one in pec("list", "--rejected", "--account", "acmf", "--json").lines] == ["inv-9"]
    assert shown.out.splitlines()[0].split("\t") == list(REJECTED_COLUMNS)
    assert "\tinv-9\tacmf\t" in shown.out.splitlines()[1]
    assert "The first one: --limit shows more." in shown.err
    assert pec("list", "--rejected", "--state", "held").code == 2


@pytest.mark.usefixtures("two")
def test_the_list_is_newest_first_and_can_be_narrowed(pec: Pec, change: Settle) -> None:
    change("inv-1", to(State.HELD))

    assert [one["id"] for one in pec("list", "--json").lines] == ["inv-1", "inv-2"]
    assert [one["id"] for one in pec("list", "--json", "--limit", "1").lines] == ["inv-1"]
    assert [one["id"] for one in pec("list", "--json", "--state", "queued").lines] == ["inv-2"]
    several = pec("list", "--json", "--state", "queued", "--state", "held").lines
    assert {one["id"] for one in several} == {"inv-1", "inv-2"}
    assert pec("list", "--json", "--account", "beta").lines == []


def test_a_batch_is_listed_in_the_order_of_intake(pec: Pec, producer: Producer, take_jobs: TakeJobs) -> None:
    for name in ("c", "a", "b"):
        producer.send(name, **SEND, batch="b1")
    producer.send("d", **SEND)
    take_jobs()

    assert [one["id"] for one in pec("list", "--json", "--batch", "b1").lines] == ["c", "a", "b"]


@pytest.mark.usefixtures("two")
def test_a_pipe_gets_whole_columns(pec: Pec) -> None:
    header, first, _ = pec("list").out.splitlines()

    assert header.split("\t")[:2] == ["ID", "STATE"]
    assert first.split("\t")[:4] == ["inv-2", "queued", "acme", "x@pec.example"]


@pytest.mark.usefixtures("two")
def test_receipts_are_shown_with_their_texts(
    pec: Pec, change: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No receipt so far" in pec("receipts", "inv-1").err

    def receive(message: Message) -> Change:
        return replace(changed(message, datetime.now(UTC), {"state": State.ACCEPTED}), receipts=(RECEIPT,))

    change("inv-1", receive)

    assert "accettazione\t2026-11-24T12:00:00.000Z" in pec("receipts", "inv-1").out
    assert "Il giorno 24/11/2026 …" in pec("receipts", "inv-1", "--text").out
    [found] = pec("receipts", "inv-1", "--json").lines
    assert (found["message"], found["kind"], found["code"]) == ("inv-1", "accettazione", "2020082610003492")

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "2026-11-24 13:00:00" in pec("receipts", "inv-1").out


@pytest.mark.usefixtures("two")
def test_a_message_shows_its_timeline_with_the_receipts_at_their_own_dates(pec: Pec, change: Settle) -> None:
    def accept(message: Message) -> Change:
        fields = {"state": State.ACCEPTED, "accepted_at": RECEIPT.date}
        return replace(changed(message, datetime.now(UTC), fields), receipts=(RECEIPT,))

    change("inv-1", to(State.SENDING))
    change("inv-1", accept)

    [found] = pec("status", "inv-1", "--json").lines
    assert found["accepted_at"] == "2026-11-24T12:00:00.000Z"
    assert "history" not in found
    states = [entry for entry in found["timeline"] if "state" in entry]
    assert [entry["state"] for entry in states] == ["queued", "sending", "accepted"]
    assert states[0]["at"] == found["created_at"]
    assert states[-1]["at"] == found["updated_at"]
    [receipt] = [entry for entry in found["timeline"] if "receipt" in entry]
    assert receipt == {
        "at": "2026-11-24T12:00:00.000Z",
        "receipt": "accettazione",
        "final": False,
    }
    shown = pec("status", "inv-1").out
    assert f"{found['created_at']}\tqueued\t" in shown
    assert "2026-11-24T12:00:00.000Z\tACCETTAZIONE\t" in shown


@pytest.mark.parametrize(
    ("state", "receipts", "proof", "said"),
    [
        (State.DELIVERED, (), None, "incomplete: lacks accettazione, avvenuta-consegna$"),
        (State.DELIVERED, (RECEIPT,), None, "incomplete: lacks avvenuta-consegna$"),
        (State.EXPIRED, (replace(RECEIPT, text=None),), None, "incomplete: lacks accettazione$"),
        (
            State.UNDELIVERED,
            (RECEIPT,),
            None,
            "texts only, without the signed originals",
        ),  # of an older version
        (State.UNDELIVERED, (RECEIPT,), "of-a-newer-version", "of-a-newer-version$"),
    ],
)
@pytest.mark.usefixtures("two")
def test_a_message_that_has_ended_says_what_its_proof_consists_of(
    pec: Pec, change: Settle, state: State, receipts: tuple[Receipt, ...], proof: str | None, said: str
) -> None:
    def end(message: Message) -> Change:
        fields = {"state": state, "proof": proof}
        return replace(changed(message, datetime.now(UTC), fields), receipts=receipts)

    change("inv-1", end)

    assert re.search(f"^proof +{said}", pec("status", "inv-1").out, re.MULTILINE)


@pytest.mark.usefixtures("two")
def test_a_message_with_nothing_to_prove_says_nothing_of_a_proof(pec: Pec, change: Settle) -> None:
    assert "proof" not in pec("status", "inv-1").out
    change("inv-1", to(State.CANCELLED))
    assert "proof" not in pec("status", "inv-1").out


@pytest.mark.usefixtures("two")
def test_a_terminal_shows_every_time_of_a_message_in_rome_and_its_end_in_italian(
    pec: Pec, change: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    fields = {"state": State.DELIVERED, "delivered_at": at}
    change("inv-1", lambda message: changed(message, datetime.now(UTC), fields))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("LC_ALL", "it_IT.UTF-8")

    shown = pec("status", "inv-1").out
    assert re.search(r"^consegnata il +2026-11-24 13:00:00$", shown, re.MULTILINE)
    assert re.search(r"^perché +consegnata$", shown, re.MULTILINE)
    assert not re.search(r"\d\d:\d\d:\d\d\.\d{3}Z", shown)


def test_a_message_without_a_record_has_no_receipts(pec: Pec) -> None:
    assert pec("receipts", "inv-9").code == 3


def test_the_settings_are_shown_without_secrets(pec: Pec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEC_API__TOKEN", "hunter2")

    shown = pec("config")

    assert "PEC_API__TOKEN\t********\tenvironment" in shown.out
    assert "hunter2" not in shown.out


def test_wrong_settings_end_with_two(pec: Pec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEC_API__RATE", "fast")

    assert pec("status").code == 2


def test_the_command_alone_reports_the_next_step(pec: Pec) -> None:
    alone = pec()

    assert (alone.code, alone.out) == (0, "")
    assert "PEC_ACCOUNTS__" in alone.err


def test_a_mistyped_command_is_guessed(pec: Pec) -> None:
    assert "did you mean send?" in pec("sned").err


@pytest.mark.usefixtures("two")
def test_a_status_code_is_said_in_words_also_where_an_older_version_wrote_the_reason(
    pec: Pec, change: Settle
) -> None:
    details = {"receipt": "errore-consegna", "error": "5.2.2"}
    reason = Reason("not_delivered", "the recipient's provider did not deliver it", details)
    end = {"state": State.UNDELIVERED, "reason": reason}
    change("inv-1", lambda found: changed(found, datetime.now(UTC), end))

    assert "the recipient's provider did not deliver it: the mailbox is full" in pec("list").out
    assert "the mailbox is full" in pec("status", "inv-1").out


def test_lists_show_times_of_rome_and_json_those_of_utc(
    pec: Pec, producer: Producer, take_jobs: TakeJobs
) -> None:
    producer.send("inv-1", **SEND)
    producer.send("bad", **{**SEND, "account": "nobody"})
    take_jobs()
    [listed] = csv.DictReader(pec("list").out.splitlines(), delimiter="\t")
    [rejected, *_] = csv.DictReader(pec("list", "--rejected").out.splitlines(), delimiter="\t")

    for shown, stated in (
        (listed["UPDATED"], pec("list", "--json").lines[0]["updated_at"]),
        (rejected["REJECTED"], pec("list", "--rejected", "--json").lines[0]["at"]),
    ):
        assert stated.endswith("Z")
        instant = datetime.fromisoformat(shown)
        assert instant.utcoffset() == instant.astimezone(ROME).utcoffset()
        assert abs(instant - datetime.fromisoformat(stated)) < timedelta(seconds=1)
