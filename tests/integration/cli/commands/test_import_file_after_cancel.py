"""A campaign that was cancelled: what is said of it, and what --again sends, once."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pec.changes import changed
from pec.messages import Message
from pec.names import State
from producers import Producer
from tests.integration.cli.commands.importing_rows import HEADER, ROWS, Import, sends
from tests.integration.commands import Pec
from tests.integration.producing import Settle, TakeJobs

ANNA = ["Anna", "a@pec.example.it", "3"]
BATCH_KEY = "pec:cancelled:batch:soci"
NOW = datetime(2026, 11, 29, tzinfo=UTC)
EndAs = Callable[..., str]


@pytest.fixture
def cancelled(import_rows: Import, pec: Pec, take_jobs: TakeJobs) -> None:
    import_rows(ROWS)
    take_jobs()
    assert pec("cancel", "--batch", "soci").code == 0
    take_jobs()


@pytest.fixture
def end_as(producer: Producer, change: Settle) -> EndAs:
    """Moves the message to a recipient's name into a state. Returns its id."""

    def moved(name: str, state: State, **fields: Any) -> str:
        client, keys = producer.store.client, producer.store.keys
        ids: Any = client.zrange(keys.members("soci"), 0, -1)
        for one in map(bytes.decode, ids):
            recipient: Any = client.hget(keys.message(one), "recipient")
            if recipient.decode().startswith(f"{name}@"):
                change(one, lambda found: _moved(found, state, fields))
                return one
        raise AssertionError(name)

    return moved


def _moved(message: Message, state: State, fields: Any) -> Any:
    return changed(message, NOW, {"state": state, **fields})


def queued(producer: Producer) -> int:
    return int(producer.store.client.zcard(producer.store.keys.state(State.QUEUED)))


@pytest.mark.usefixtures("cancelled")
def test_the_same_file_says_how_many_were_cancelled_and_sends_nothing(
    import_rows: Import, producer: Producer
) -> None:
    again = import_rows(ROWS)
    [summary] = import_rows(ROWS, "--json").lines

    assert again.code == 0
    assert "Of those, 2 were cancelled: send them with --again cancelled." in again.err
    assert summary["not_reached"] == {"cancelled": 2}
    assert sends(producer) == []


@pytest.mark.usefixtures("cancelled")
def test_again_sends_what_was_cancelled_under_new_ids_in_the_same_batch(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs
) -> None:
    [summary] = import_rows(ROWS, "--again", "cancelled", "--json").lines
    ids = [job["id"] for job in sends(producer)]
    take_jobs()

    assert (summary["again"], summary["enqueued"], summary["enqueued_before"]) == (2, 2, 0)
    assert all(one.endswith(":2") for one in ids)
    assert queued(producer) == 2
    assert producer.store.client.hget("pec:batch:soci", "size") == b"4"


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.usefixtures("cancelled")
def test_the_same_command_again_sends_nothing_twice(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs, *, taken: bool
) -> None:
    import_rows(ROWS, "--again", "cancelled")
    if taken:
        take_jobs()

    for options in (("--again", "cancelled"), (), ("--again", "refused,undelivered,failed,expired")):
        [summary] = import_rows(ROWS, *options, "--json").lines
        assert (summary["enqueued"], summary["enqueued_before"], summary["not_reached"]) == (0, 2, {})
    take_jobs()
    assert queued(producer) == 2


@pytest.mark.usefixtures("cancelled")
def test_a_second_cancel_makes_a_third_attempt(
    import_rows: Import, pec: Pec, producer: Producer, take_jobs: TakeJobs
) -> None:
    import_rows(ROWS, "--again", "cancelled")
    take_jobs()
    pec("cancel", "--batch", "soci")
    take_jobs()

    assert "2 were cancelled" in import_rows(ROWS).err
    import_rows(ROWS, "--again", "cancelled")

    assert {job["id"].rpartition(":")[2] for job in sends(producer)} == {"3"}
    take_jobs()
    assert queued(producer) == 2


@pytest.mark.usefixtures("cancelled")
def test_new_lines_into_a_cancelled_batch_are_refused_with_the_remedy(
    import_rows: Import, producer: Producer
) -> None:
    for options in ((), ("--dry-run",), ("--again", "undelivered")):
        more = import_rows([*ROWS, ANNA], *options)
        assert more.code == 3
        assert "batch soci was cancelled" in more.err
        assert "with --again cancelled, or choose another --batch" in more.err
    assert sends(producer) == []
    assert producer.store.client.exists(BATCH_KEY)

    assert import_rows([*ROWS, ANNA], "--again", "cancelled").code == 0
    assert len(sends(producer)) == 3
    assert not producer.store.client.exists(BATCH_KEY)


@pytest.mark.usefixtures("cancelled")
def test_a_dry_run_lifts_no_cancel(import_rows: Import, producer: Producer) -> None:
    shown = import_rows(ROWS, "--again", "cancelled", "--dry-run")

    assert shown.code == 0
    assert producer.store.client.exists(BATCH_KEY)
    assert sends(producer) == []


@pytest.mark.usefixtures("cancelled")
def test_a_process_that_died_once_the_cancel_was_lifted_is_followed_by_another(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs
) -> None:
    producer.store.client.delete(BATCH_KEY)  # and dead before anything was enqueued

    import_rows(ROWS, "--again", "cancelled")
    first, _ = sends(producer)
    entries: Any = producer.store.client.xrange("pec:jobs")
    producer.store.client.xdel("pec:jobs", entries[-1][0])  # dead before its last one
    import_rows(ROWS, "--again", "cancelled")
    take_jobs()

    assert first["id"].endswith(":2")
    assert queued(producer) == 2


def test_what_a_cancel_has_still_to_meet_is_neither_sent_nor_let_through(
    import_rows: Import, pec: Pec, producer: Producer, take_jobs: TakeJobs
) -> None:
    import_rows(ROWS)
    pec("cancel", "--batch", "soci")

    early = import_rows(ROWS, "--again", "cancelled")
    assert early.code == 3
    assert "batch soci is still being cancelled" in early.err
    take_jobs()

    producer.send("other", "acme", "o@pec.example.it", "x", "x", batch="soci")  # for the cancel to meet
    assert import_rows(ROWS, "--again", "cancelled").code == 3
    take_jobs()
    assert import_rows(ROWS, "--again", "cancelled").code == 0
    take_jobs()
    assert queued(producer) == 2


@pytest.mark.usefixtures("cancelled")
def test_a_letter_that_was_mended_after_the_cancel_goes_with_again(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs
) -> None:
    mended = ("--subject", "Errata: {nome}")

    plain = import_rows(ROWS, *mended)
    assert plain.code == 3
    assert "is cancelled: send the new content with --again cancelled" in plain.out

    for _ in range(2):
        assert import_rows(ROWS, *mended, "--again", "cancelled").code == 0
    assert [job["subject"] for job in sends(producer)] == ["Errata: Nicolò", "Errata: Zoë & C."]
    take_jobs()
    assert queued(producer) == 2


@pytest.mark.usefixtures("cancelled")
def test_several_messages_to_a_recipient_go_again_each_once(
    import_rows: Import, producer: Producer, pec: Pec, take_jobs: TakeJobs
) -> None:
    two = [HEADER, *(["Eva", "e@pec.example.it", number] for number in "12")]
    import_rows(two, "--again", "cancelled")
    take_jobs()
    pec("cancel", "--batch", "soci")
    take_jobs()

    import_rows([two[0], two[2], two[1]], "--again", "cancelled")
    import_rows(two, "--again", "cancelled")

    assert sorted(job["body"] for job in sends(producer)) == [
        "<p>Gentile Eva: 1 €</p>",
        "<p>Gentile Eva: 2 €</p>",
    ]


def test_what_reached_no_recipient_is_counted_and_goes_again_by_state(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs, end_as: EndAs
) -> None:
    rows = [*ROWS, ANNA, ["Eva", "e@pec.example.it", "4"]]
    import_rows(rows)
    take_jobs()
    end_as("n", State.UNDELIVERED, sent_at=NOW)
    end_as("Z", State.REFUSED, sent_at=NOW)
    end_as("a", State.DELIVERED, sent_at=NOW)

    ran = import_rows(rows)
    assert "some reached no recipient (1 refused, 1 undelivered)" in ran.err
    assert "--again refused,undelivered" in ran.err

    import_rows(rows, "--again", "undelivered")
    assert [job["recipient"] for job in sends(producer)] == ["n@pec.example.it"]
    take_jobs()
    import_rows(rows, "--again", "refused,undelivered")
    assert [job["recipient"] for job in sends(producer)] == ["Z@pec.example.it"]


@pytest.mark.parametrize(
    "state", sorted(set(State) - {State.CANCELLED, State.REFUSED, State.UNDELIVERED, State.FAILED})
)
def test_what_may_have_arrived_or_still_may_never_goes_again(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs, end_as: EndAs, state: State
) -> None:
    import_rows(ROWS)
    take_jobs()
    end_as("n", state, sent_at=NOW, ended_at=datetime.now(UTC))

    import_rows(ROWS, "--again", "cancelled,refused,undelivered,failed,expired")

    assert sends(producer) == []


@pytest.mark.parametrize("states", ["", "delivered", "cancelled,x", "consegnata,"])
def test_what_is_no_state_to_send_again_is_refused(import_rows: Import, states: str) -> None:
    ran = import_rows(ROWS, "--again", states)

    assert (ran.code, "choose from cancelled, refused, undelivered, failed, expired" in ran.err) == (2, True)


def test_a_message_whose_record_is_gone_is_not_sent_again(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs, end_as: EndAs
) -> None:
    import_rows(ROWS)
    take_jobs()
    job_id = end_as("n", State.UNDELIVERED, sent_at=NOW)
    import_rows(ROWS, "--again", "undelivered")
    take_jobs()
    store = producer.store
    store.client.zrem(store.keys.members("soci"), f"{job_id}:2")  # delivered, exported and swept
    store.client.delete(store.keys.message(f"{job_id}:2"))

    assert import_rows(ROWS, "--again", "undelivered", "--json").lines[0]["enqueued"] == 0


def test_ids_of_the_sheet_that_look_like_attempts_are_messages_of_their_own(
    import_rows: Import, producer: Producer, pec: Pec, take_jobs: TakeJobs
) -> None:
    rows = [["id", *HEADER], ["a", *ROWS[1]], ["a:2", *ROWS[2]]]
    import_rows(rows)
    take_jobs()
    pec("cancel", "--batch", "soci")
    take_jobs()

    import_rows(rows, "--again", "cancelled")

    assert [job["id"] for job in sends(producer)] == ["soci-a:3", "soci-a:2:2"]


@pytest.mark.parametrize("ways", [("", "id"), ("id", ""), ("id", "Importo"), ("", "Importo")])
def test_another_column_of_ids_sends_nothing_twice(
    import_rows: Import, producer: Producer, pec: Pec, take_jobs: TakeJobs, ways: tuple[str, str]
) -> None:
    rows = [["id", *HEADER], ["a", *ROWS[1]], ["b", *ROWS[2]]]
    import_rows(rows, "--id-column", ways[0])
    take_jobs()
    pec("cancel", "--batch", "soci")
    take_jobs()

    for way in (ways[1], ways[0], ways[1], ""):
        import_rows(rows, "--id-column", way, "--again", "cancelled")
        take_jobs()

    assert queued(producer) == 2


def test_an_id_too_long_for_another_attempt_is_left_out_with_a_warning(
    import_rows: Import, producer: Producer, pec: Pec, take_jobs: TakeJobs
) -> None:
    rows = [["id", *HEADER], ["x" * 122, *ROWS[1]]]
    import_rows(rows)
    take_jobs()
    pec("cancel", "--batch", "soci")
    take_jobs()

    again = import_rows(rows, "--again", "cancelled")

    assert again.code == 0
    assert "is not sent again, because its id is too long" in again.out
    assert sends(producer) == []


def test_an_import_into_a_paused_batch_says_so_and_how_to_resume_it(
    import_rows: Import, pec: Pec, take_jobs: TakeJobs
) -> None:
    import_rows(ROWS)
    take_jobs()
    pec("pause", "--batch", "soci")

    more = import_rows([*ROWS, ANNA])

    assert more.code == 0
    assert "batch soci was paused at " in more.err
    assert "`pec resume --batch soci` lets it go on" in more.err


def test_states_of_again_have_their_italian_names_too(
    import_rows: Import, producer: Producer, cancelled: None
) -> None:
    assert import_rows(ROWS, "--again", "Annullate, non consegnate").code == 0
    assert len(sends(producer)) == 2
    assert import_rows(ROWS, "--again", "consegnate").code == 2
