"""`pec send`: options become a job, and `--wait` follows it."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pec.names import State
from pec.store import heartbeat
from pec.store.store import Store
from producers import Producer
from tests.integration.commands import Pec
from tests.integration.producing import SEND as PLAIN
from tests.integration.producing import Settle, TakeJobs, jobs_in, meanwhile, to
from tests.wire import eventually

SEND = ("send", "--account", "acme", "--to", "x@pec.example", "--subject", "Fattura", "--body", "<p>Ecco</p>")


Taken = Callable[[], AbstractContextManager[None]]


WAIT = ("--wait", "--timeout", "30")


@pytest.fixture
def taken_when_it_comes(store: Store, take_jobs: TakeJobs) -> Taken:
    """In another thread: waits for a job, and takes it."""
    return lambda: meanwhile(lambda: eventually(lambda: store.client.xlen(store.keys.jobs)), take_jobs)


def test_the_id_alone_goes_to_stdout(pec: Pec, producer: Producer) -> None:
    sent = pec(*SEND)

    assert sent.code == 0
    assert jobs_in(producer)[0]["id"] == sent.out.strip()


def test_a_message_that_has_expired_already_is_pointed_out(pec: Pec) -> None:
    past, future = (pec(*SEND, "--not-after", f"{year}-01-01T00:00:00Z") for year in (2020, 2036))

    assert (past.code, future.code) == (0, 0)
    assert "--not-after is in the past" in past.err
    assert "--not-after" not in future.err


def test_every_option_reaches_the_job(pec: Pec, producer: Producer, tmp_path: Path) -> None:
    (tmp_path / "body.html").write_text("<p>è</p>")
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    sent = pec(
        *("send", "--account", "acme", "--to", "x@pec.example", "--to", "y@pec.example", "--subject", "S"),
        *("--body", f"@{tmp_path / 'body.html'}", "--attach", str(tmp_path / "a.pdf"), "--id", "inv-1"),
        *("--batch", "b1", "--priority", "9", "--not-before", "2026-11-23T09:30:00+01:00"),
        *("--not-after", "2026-11-24T09:30:00+01:00", "--webhook", "crm", "--metadata", '{"case": 7}'),
        *("--together", "--no-reference"),
    )

    assert sent.out == "inv-1\n"
    [job] = jobs_in(producer)
    [attached] = job.pop("attachments")
    assert attached["name"] == "a.pdf"
    assert job == {
        "type": "send",
        "id": "inv-1",
        "account": "acme",
        "recipient": ["x@pec.example", "y@pec.example"],
        "subject": "S",
        "body": "<p>è</p>",
        "batch": "b1",
        "priority": 9,
        "not_before": "2026-11-23T09:30:00+01:00",
        "not_after": "2026-11-24T09:30:00+01:00",
        "webhook": "crm",
        "metadata": {"case": 7},
        "together": True,
        "reference": False,
    }


def test_the_body_can_come_from_stdin(pec: Pec, producer: Producer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("<p>typed</p>"))

    pec(*SEND[:-1], "-")

    assert jobs_in(producer)[0]["body"] == "<p>typed</p>"


def test_a_body_that_notepad_wrote_is_without_its_mark(
    pec: Pec, producer: Producer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.html").write_bytes("<p>Città</p>".encode("utf-8-sig"))
    monkeypatch.setattr("sys.stdin", io.StringIO("\ufeff<p>Città</p>"))

    pec(*SEND[:-1], f"@{tmp_path / 'a.html'}")
    pec(*SEND[:-1], "-")

    assert [job["body"] for job in jobs_in(producer)] == ["<p>Città</p>"] * 2


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        (("--to", "no address"), 3, "rejected: recipient"),
        (("--metadata", "{"), 2, "is not JSON"),
        (("--body", "@/no/such/file"), 2, "name a readable file"),
        (("--not-before", "tomorrow"), 3, "RFC 3339"),
        (("--priority", "10"), 2, "--priority"),
    ],
)
def test_bad_input_says_what_is_wrong_and_enqueues_nothing(
    pec: Pec, producer: Producer, wrong: tuple[str, ...], code: int, said: str
) -> None:
    sent = pec(*SEND, *wrong)

    assert sent.code == code
    assert said in sent.err
    assert sent.out == ""
    assert jobs_in(producer) == []


def test_a_missing_worker_is_named(pec: Pec, producer: Producer) -> None:
    assert "`pec worker`" in pec(*SEND).err

    heartbeat.beat(producer.store, {"worker": ["w1"]}, 60)
    sent = pec(*SEND)
    assert "`pec worker`" not in sent.err
    assert f"`pec watch {sent.out.strip()}`" in sent.err


def test_what_a_producer_s_user_may_not_ask_makes_no_send_fail(
    pec: Pec, producer: Producer, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script would take it for not enqueued, and send another."""
    acl = (
        "SETUSER",
        "narrow",
        "on",
        ">secret",
        "resetkeys",
        "~pec:*",
        "nocommands",
        "+ping",
        "+xadd",
        "+client",
    )
    producer.store.client.execute_command("ACL", *acl)  # type: ignore[no-untyped-call]
    monkeypatch.setenv("PEC_REDIS_URL", f"{redis_url}&username=narrow&password=secret")

    sent, asked = pec(*SEND), pec("status")

    assert sent.code == 0
    assert [job["id"] for job in jobs_in(producer)] == [sent.out.strip()]
    assert asked.code == 5
    assert "see ACLs in docs/operations.md" in asked.err


def test_a_refused_password_has_the_exit_code_of_credentials(
    pec: Pec, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEC_REDIS_URL", f"{redis_url}&username=nobody&password=s3cret")

    sent = pec(*SEND)

    assert sent.code == 5
    assert "s3cret" not in sent.err


def test_waiting_ends_with_zero_when_it_is_delivered(
    pec: Pec, take_jobs: TakeJobs, change: Settle, taken_when_it_comes: Taken
) -> None:
    pec(*SEND, "--id", "inv-1")
    take_jobs()
    change("inv-1", to(State.DELIVERED))

    with taken_when_it_comes():
        sent = pec(*SEND, "--id", "inv-1", *WAIT)

    assert sent.code == 0
    assert "delivered" in sent.out


def test_waiting_ends_with_six_when_it_is_not(
    pec: Pec, take_jobs: TakeJobs, change: Settle, taken_when_it_comes: Taken
) -> None:
    pec(*SEND, "--id", "inv-1")
    take_jobs()
    change("inv-1", to(State.UNDELIVERED))

    with taken_when_it_comes():
        sent = pec(*SEND, "--id", "inv-1", *WAIT, "--json")

    assert sent.code == 6
    assert [line.get("state") for line in sent.lines] == [None, "undelivered"]


def test_waiting_for_a_rejected_job_prints_why_and_ends_with_three(
    pec: Pec, producer: Producer, take_jobs: TakeJobs, taken_when_it_comes: Taken
) -> None:
    producer.send("inv-1", **{**PLAIN, "subject": "Another"})
    take_jobs()

    with taken_when_it_comes():
        sent = pec(*SEND, "--id", "inv-1", *WAIT)

    assert sent.code == 3
    assert "rejected: id: " in sent.err


def test_an_account_that_neither_settings_nor_workers_know_is_refused_at_once(
    pec: Pec, producer: Producer
) -> None:
    producer.store.client.zadd(producer.store.keys.seen("account"), {"acme": 1})

    sent = pec("send", "--account", "acmee", *SEND[3:])

    assert sent.code == 3
    assert "there is no account acmee: did you mean acme?" in sent.err
    assert jobs_in(producer) == []
