"""A sheet whose addresses were mended goes into its batch: only the changed lines; what warns of a new batch."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pec.changes import changed
from pec.names import State
from producers import Producer
from producers.campaigns.earlier import same_subject
from tests.integration.cli.commands.importing_rows import HEADER, Import, sends
from tests.integration.producing import Settle, TakeJobs

NOW = datetime.now(UTC)
NAMES = "abcd"
EndAs = Callable[..., None]


def sheet(**mended: str) -> list[list[str]]:
    """Three columns and a line for each name, with other addresses for some."""
    return [HEADER, *([name.upper(), mended.get(name, f"{name}@pec.example.it"), "1"] for name in NAMES)]


def keyed(**mended: str) -> list[list[str]]:
    first, *rows = sheet(**mended)
    return [["id", *first], *([name, *row] for name, row in zip(NAMES, rows, strict=True))]


@pytest.fixture
def end_as(producer: Producer, change: Settle) -> EndAs:
    """Moves the messages to an address of this name into a state, as if at `at`."""

    def moved(name: str, state: State, at: datetime = NOW, **fields: Any) -> None:
        client: Any = producer.store.client
        for key in client.keys("pec:message:*"):
            if client.hget(key, "recipient").decode().startswith(f"{name}@"):
                message_id = key.decode().removeprefix("pec:message:")
                change(
                    message_id, lambda found: changed(found, at, {"state": state, "sent_at": at, **fields})
                )

    return moved


def test_only_the_changed_lines_go(import_rows: Import, producer: Producer, take_jobs: TakeJobs) -> None:
    import_rows(sheet())
    take_jobs()

    [summary] = import_rows(sheet(b="nuovo@pec.example.it"), "--json").lines

    assert (summary["enqueued"], summary["enqueued_before"]) == (1, 3)
    assert [(job["recipient"], job["batch"]) for job in sends(producer)] == [("nuovo@pec.example.it", "soci")]


def test_with_ids_of_the_sheet_only_the_changed_lines_go_once_the_old_address_is_done_with(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs, end_as: EndAs
) -> None:
    import_rows(keyed())
    take_jobs()
    end_as("a", State.DELIVERED)
    end_as("b", State.UNDELIVERED)
    end_as("c", State.UNCERTIFIED)
    mended = keyed(b="nuovo@pec.example.it", c="certo@pec.example.it")

    [summary] = import_rows(mended, "--json").lines
    ids = [job["id"] for job in sends(producer)]

    assert (summary["enqueued"], summary["enqueued_before"], summary["mended"]) == (2, 2, 2)
    assert [job_id.rpartition(":")[0] for job_id in ids] == ["soci-b", "soci-c"]
    assert all(len(job_id.rpartition(":")[2]) == 10 for job_id in ids)
    for _ in range(2):
        assert import_rows(mended, "--json").lines[0]["enqueued"] == 0
        take_jobs()
    assert producer.store.client.zcard("pec:state:queued") == 3


@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        (State.QUEUED, "import again once it has ended"),
        (State.ACCEPTED, "import again once it has ended"),
        (State.HELD, "import again once it has ended"),
        (State.DELIVERED, "a new message needs a new id"),
        (State.EXPIRED, "a new message needs a new id"),
    ],
)
def test_a_mended_address_is_refused_while_the_old_one_may_have_got_the_message(
    import_rows: Import,
    producer: Producer,
    take_jobs: TakeJobs,
    end_as: EndAs,
    state: State,
    remedy: str,
) -> None:
    import_rows(keyed())
    take_jobs()
    end_as("b", state, ended_at=NOW)

    refused = import_rows(keyed(b="nuovo@pec.example.it"))

    assert refused.code == 3
    assert f"was enqueued before to b@pec.example.it, and is {state}: {remedy}" in refused.out
    assert sends(producer) == []


def test_an_address_can_be_mended_twice_and_none_gets_two(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs, end_as: EndAs
) -> None:
    import_rows(keyed())
    take_jobs()
    for before, after in (("b", "uno"), ("uno", "due")):
        end_as(before, State.UNDELIVERED)
        import_rows(keyed(b=f"{after}@pec.example.it"))
        take_jobs()
    early = import_rows(keyed(b="uno@pec.example.it"), "--again", "undelivered", "--json")
    end_as("due", State.DELIVERED)
    late = import_rows(keyed(), "--again", "undelivered", "--json")

    assert [ran.lines[0]["enqueued"] for ran in (early, late)] == [0, 0]
    assert import_rows(keyed(b="tre@pec.example.it")).code == 3


def test_a_new_batch_warns_with_the_count_of_those_who_got_the_same_subject(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs, end_as: EndAs
) -> None:
    import_rows(sheet(), "--batch", "novembre")
    take_jobs()
    end_as("a", State.DELIVERED)
    end_as("b", State.UNDELIVERED)

    for options in ((), ("--dry-run",)):
        warned = import_rows(sheet(b="nuovo@pec.example.it"), "--batch", f"altro{len(options)}", *options)
        assert warned.code == 0
        assert (
            "3 recipients got the same subject in the last 30 days, most of them in batch novembre"
            in warned.err
        )
        assert "import it with --batch novembre" in warned.err
    [summary] = import_rows(sheet(), "--batch", "terzo", "--dry-run", "--json").lines
    assert summary["same_subject"] == {"recipients": 3, "batch": "novembre", "cut": False}


@pytest.mark.parametrize(
    ("batch", "options"),
    [("novembre", ()), ("altro", ("--subject", "Altro per {nome}")), ("altro", ("--account", "beta"))],
)
def test_the_same_batch_another_subject_or_another_mailbox_is_no_repetition(
    import_rows: Import, take_jobs: TakeJobs, batch: str, options: tuple[str, ...]
) -> None:
    import_rows(sheet(), "--batch", "novembre")
    take_jobs()

    again = import_rows(sheet(b="nuovo@pec.example.it"), "--batch", batch, "--dry-run", *options)

    assert "the same subject" not in again.err


def test_what_was_sent_longer_ago_or_reached_no_recipient_is_no_repetition(
    import_rows: Import, take_jobs: TakeJobs, end_as: EndAs
) -> None:
    import_rows(sheet(), "--batch", "novembre")
    take_jobs()
    end_as("a", State.DELIVERED, at=NOW - timedelta(days=31))
    for name, state in (("b", State.CANCELLED), ("c", State.FAILED), ("d", State.REFUSED)):
        end_as(name, state)

    assert "the same subject" not in import_rows(sheet(), "--batch", "altro").err


def test_a_walk_that_is_cut_short_says_so(
    import_rows: Import, take_jobs: TakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(same_subject, "MAX_LOOKED_AT", 2)
    monkeypatch.setattr(same_subject, "_PAGE", 2)
    import_rows(sheet(), "--batch", "novembre")
    take_jobs()

    warned = import_rows(sheet(), "--batch", "altro")

    assert "2 recipients got the same subject in the last 30 days" in warned.err
    assert "messages were looked at" in warned.err
