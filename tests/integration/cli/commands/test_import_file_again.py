"""Importing again: nothing is sent twice, and a batch's size is true."""

import json
from pathlib import Path

import pytest

from pec.names import State
from producers import Producer
from tests.integration.cli.commands.importing_rows import HEADER, ROWS, Import, sends
from tests.integration.producing import TakeJobs, jobs_in


def test_what_workers_have_taken_is_not_enqueued_again(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs
) -> None:
    import_rows(ROWS)
    take_jobs()

    again = import_rows([*ROWS, ["Anna", "a@pec.example.it", "3"]])

    assert again.code == 0
    assert "2 were enqueued before" in again.err
    size, job = jobs_in(producer)
    assert (size["size"], job["recipient"]) == (3, "a@pec.example.it")


def test_a_note_in_a_column_that_no_letter_uses_sends_nothing_again(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs
) -> None:
    import_rows([[*HEADER, "Note"], [*ROWS[1], ""]])
    [job] = sends(producer)
    assert job["metadata"] == {"row": {"Nome": "Nicolò", "PEC": "n@pec.example.it", "Importo": "1,50"}}
    take_jobs()

    again = import_rows([[*HEADER, "Note"], [*ROWS[1], "telefonato"]])

    assert (again.code, sends(producer)) == (0, [])
    assert "1 was enqueued before" in again.err


def test_a_file_that_a_version_without_rows_imported_is_known_again(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs
) -> None:
    import_rows(ROWS)
    jobs = [{name: value for name, value in job.items() if name != "metadata"} for job in sends(producer)]
    producer.store.client.delete(producer.store.keys.jobs)
    for job in jobs:
        producer.store.client.xadd(producer.store.keys.jobs, {"job": json.dumps(job)})
    take_jobs()

    again = import_rows(ROWS)

    assert (again.code, sends(producer)) == (0, [])
    assert "2 were enqueued before" in again.err


def test_what_waits_for_a_worker_is_not_enqueued_again(import_rows: Import, producer: Producer) -> None:
    import_rows(ROWS)

    again = import_rows([*ROWS, ["Anna", "a@pec.example.it", "3"]], "--json")

    assert (again.lines[0]["enqueued_before"], again.lines[0]["enqueued"]) == (2, 1)
    assert len({job["id"] for job in sends(producer)}) == len(sends(producer)) == 3


def test_a_campaign_whose_records_are_gone_by_now_is_not_enqueued_again(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs
) -> None:
    import_rows(ROWS)
    take_jobs()
    keys = producer.store.keys
    producer.store.client.delete(keys.batch("soci"), keys.members("soci"))  # as retention leaves it

    again = import_rows(ROWS)

    assert again.code == 0
    assert jobs_in(producer) == []


@pytest.mark.parametrize("taken", [True, False])
def test_a_message_put_above_another_to_the_same_recipient_sends_none_twice(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs, *, taken: bool
) -> None:
    one, two, three = (["N", "n@pec.example.it", number] for number in ("1", "2", "3"))
    import_rows([HEADER, one, two])
    before = {job["body"]: job["id"] for job in sends(producer)}
    if taken:
        take_jobs()

    more = import_rows([HEADER, three, two, one], "--json")

    assert more.code == 0
    assert (more.lines[0]["enqueued_before"], more.lines[0]["enqueued"]) == (2, 1)
    new = sends(producer)[-1]
    assert "Gentile N: 3" in new["body"]
    assert new["id"] == f"{min(before.values())}-3"
    assert [one["reason"] for one in more.lines[0]["warnings"]] == [
        "gets another message by line 2 too: both are sent"
    ] * 2
    take_jobs()
    assert producer.store.client.zcard(producer.store.keys.state(State.QUEUED)) == 3
    assert import_rows([HEADER, three, two, one], "--json").lines[0]["enqueued_before"] == 3


def test_a_message_whose_number_follows_those_of_refused_lines_is_known_again(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs
) -> None:
    good, wrong = ["N", "n@pec.example.it", "1"], ["N", "n@pec.example.it", "2", "oltre"]
    import_rows([HEADER, wrong, good], "--skip-invalid")
    take_jobs()

    assert import_rows([HEADER, good], "--json").lines[0]["enqueued_before"] == 1


def test_a_refused_line_above_one_that_was_enqueued_gets_an_id_of_its_own(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs, tmp_path: Path
) -> None:
    aside = tmp_path / "errori.csv"
    good, wrong = ["N", "n@pec.example.it", "1"], ["N", "n@pec.example.it", "2", "oltre"]
    import_rows([HEADER, good])
    take_jobs()
    import_rows([HEADER, wrong, good], "--skip-invalid", "--refused", str(aside))
    aside.write_text(aside.read_text(encoding="utf-8-sig").replace(";oltre", ""))

    assert import_rows(aside).code == 0
    take_jobs()

    assert import_rows(aside, "--json").lines[0]["enqueued_before"] == 1
    assert import_rows([HEADER, wrong[:3], good], "--json").lines[0]["enqueued_before"] == 2


def test_no_line_is_said_to_be_sent_beside_one_that_is_refused(
    import_rows: Import, take_jobs: TakeJobs
) -> None:
    import_rows(ROWS)
    take_jobs()
    changed, other = ["Nicolò", "n@pec.example.it", "7"], ["Nicolò", "n@pec.example.it", "8"]

    [summary] = import_rows([HEADER, changed, other], "--json").lines

    assert [one["line"] for one in summary["refused"]] == [2]
    assert summary["warnings"] == []


def test_what_was_changed_since_is_refused_with_the_remedy(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs
) -> None:
    import_rows(ROWS)
    take_jobs()

    changed = import_rows(ROWS, "--subject", "Altro per {nome}")

    assert changed.code == 3
    assert jobs_in(producer) == []
    assert "nothing is sent twice: a new campaign needs another --batch" in changed.out
    assert import_rows(ROWS, "--subject", "Altro per {nome}", "--batch", "altro").code == 0


def test_the_same_message_to_the_same_recipient_is_sent_once(import_rows: Import, producer: Producer) -> None:
    rows = [*ROWS, ["Nicolò", "N@PEC.example.it", "1,50"]]

    imported = import_rows(rows, "--json")

    assert len(sends(producer)) == 2
    assert imported.lines[0]["duplicates"] == [{"line": 4, "like": 2}]


def test_another_message_to_the_same_recipient_is_sent_too_and_reported(
    import_rows: Import, producer: Producer
) -> None:
    rows = [*ROWS, ["Nicolò", "n@pec.example.it", "9"], ["Nicolò", "n@pec.example.it", "10"]]

    imported = import_rows(rows, "--json")

    first, _, second, third = (job["id"] for job in sends(producer))
    assert (second, third) == (f"{first}-2", f"{first}-3")
    assert [(one["line"], one["reason"]) for one in imported.lines[0]["warnings"]] == [
        (4, "gets another message by line 2 too: both are sent"),
        (5, "gets another message by line 2 too: both are sent"),
    ]


def test_an_id_that_stands_twice_is_a_double_or_refused(import_rows: Import, producer: Producer) -> None:
    row = ["N", "n@pec.example.it", "1"]
    rows = [["id", *HEADER], ["a", *row], ["a", *row], ["a", "N", "n@pec.example.it", "2"], ["b", *row]]

    imported = import_rows(rows, "--skip-invalid", "--json")

    assert [job["id"] for job in sends(producer)] == ["soci-a", "soci-b"]
    assert imported.lines[0]["duplicates"] == [{"line": 3, "like": 2}]
    [refused] = imported.lines[0]["refused"]
    assert (refused["line"], refused["field"]) == (4, "id")
    assert "stands on line 2 too" in refused["reason"]


def test_a_line_that_is_refused_makes_no_double_of_one_that_can_be_sent(
    import_rows: Import, producer: Producer
) -> None:
    row = ["N", "n@pec.example.it", "1"]

    imported = import_rows([HEADER, [*row, "oltre"], row, row], "--skip-invalid", "--json")

    assert len(sends(producer)) == 1
    assert imported.lines[0]["duplicates"] == [{"line": 4, "like": 3}]


def test_other_attachments_make_another_message(
    import_rows: Import, producer: Producer, tmp_path: Path
) -> None:
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(name.encode())
    row = ["N", "n@pec.example.it", "1"]

    import_rows([[*HEADER, "allegato"], [*row, "a.pdf"], [*row, "b.pdf"]])

    assert len(sends(producer)) == 2


def test_a_batch_never_shrinks(import_rows: Import, producer: Producer, take_jobs: TakeJobs) -> None:
    producer.batch("soci", 50)
    import_rows(ROWS)
    take_jobs()

    assert producer.store.client.hget(producer.store.keys.batch("soci"), "size") == b"50"


@pytest.mark.parametrize("taken", [0, 1, 2])
def test_lines_that_are_added_count_to_the_size_wherever_the_others_are(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs, taken: int
) -> None:
    for name in "abcd"[: 2 * taken]:
        import_rows([HEADER, ["N", f"{name}@pec.example.it", "1"]])
    if taken:
        take_jobs()
    import_rows([HEADER, *[["N", f"{name}@pec.example.it", "1"] for name in "xyz"]])

    import_rows([HEADER, ["N", "last@pec.example.it", "1"]])

    sizes = [job["size"] for job in jobs_in(producer) if job["type"] == "batch"]
    assert sizes == [2 * taken + 3, 2 * taken + 4]
    take_jobs()
    assert producer.store.client.hget(producer.store.keys.batch("soci"), "size") == b"%d" % sizes[-1]


def test_jobs_of_others_that_wait_are_none_of_the_batch(import_rows: Import, producer: Producer) -> None:
    producer.send("a", "acme", "a@pec.example.it", "soci", "x", batch="altro", metadata={"x": "soci"})
    producer.send("b", "acme", ["a@pec.example.it", "b@pec.example.it"], "x", "x", batch="soci")
    producer.store.client.xadd(producer.store.keys.jobs, {"job": '{"batch": "soci"'})

    import_rows(ROWS)

    assert '"size":4' in str(producer.store.client.xrange(producer.store.keys.jobs))


def test_a_line_that_has_no_id_yet_gets_none_that_another_line_names(
    import_rows: Import, producer: Producer
) -> None:
    import_rows([HEADER, ["N", "n@pec.example.it", "1"]])
    made = sends(producer)[0]["id"]
    rows = [["id", *HEADER], [made, "N", "n@pec.example.it", "1"], ["", "N", "n@pec.example.it", "2"]]

    import_rows(rows)

    assert [job["id"] for job in sends(producer)[1:]] == [f"{made}-2"]


def test_both_spellings_of_a_domain_are_the_same_recipient(import_rows: Import, producer: Producer) -> None:
    unicode, punycode = "a@società.example", "a@xn--societ-nta.example"
    rows = [HEADER, *(["Anna", address, "1,50"] for address in (unicode, punycode))]
    imported = import_rows(rows, "--json")

    assert imported.lines[0]["duplicates"] == [{"line": 3, "like": 2}]
    assert [job["recipient"] for job in sends(producer)] == [unicode]
