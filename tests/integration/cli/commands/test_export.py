"""`pec export`: which messages a table has, where it is written, and what is said of it."""

import csv
import os
from io import StringIO
from pathlib import Path

import pytest

from pec.messages import Reason
from pec.names import State
from pec.receipts import Kind, Named
from pec.store.store import Store
from producers import Producer
from tests.integration.archive.receiving import CODE, receipt, received
from tests.integration.commands import Pec, Ran
from tests.integration.producing import AWKWARD_SUBJECT, SEND, Settle, TakeJobs


def rows(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(StringIO(text[1:], newline=""), delimiter=";"))


def read(path: Path) -> str:
    return path.read_bytes().decode()


def test_a_batch_is_a_row_for_each_message_in_the_order_of_intake(pec: Pec, batch: list[str]) -> None:
    ran = pec("export", "--batch", "november")

    found = rows(ran.out)
    assert ran.code == 0
    assert [(row["id"], row["state"]) for row in found] == [
        ("c", "delivered"),
        ("a", "undelivered"),
        ("b", "queued"),
    ]
    assert {row["subject"] for row in found} == {AWKWARD_SUBJECT}
    assert (found[0]["code"], found[0]["consegna"]) == (f"'{CODE}", "2026-11-24T12:00:05+01:00")
    assert (found[1]["mancata_consegna"], found[1]["receipt_error"]) == (
        "2026-11-24T12:00:05+01:00",
        "'5.1.1",
    )


def test_what_it_came_to_is_said_beside_the_data(pec: Pec, batch: list[str]) -> None:
    said = pec("export", "--batch", "november").err

    assert "3 messages: 1 queued, 1 delivered, 1 undelivered" in said
    assert "1 has not ended yet: export again when it has" in said


def test_json_lines_hold_the_record_and_its_receipts(pec: Pec, batch: list[str]) -> None:
    first, *_ = pec("export", "--batch", "november", "--json").lines

    assert (first["id"], first["state"], first["metadata"]) == ("c", "delivered", {"città": "Forlì"})
    assert first["created_at"].endswith("Z")
    stated = [(one["kind"], one["date"], one["text"]) for one in first["receipts"]]
    assert stated == [
        (kind, "2026-11-24T11:00:05.000Z", f"Ricevuta di {kind}: «perché»\r\n")
        for kind in ("accettazione", "avvenuta-consegna")
    ]


def test_messages_are_named_or_all_are_taken(pec: Pec, batch: list[str]) -> None:
    def ids(*said: str) -> list[str]:
        return [one["id"] for one in pec("export", *said, "--json").lines]

    assert ids("b", "c", "b") == ["b", "c"]
    assert sorted(ids("--all")) == ["a", "b", "c", "other"]


def test_a_job_to_several_is_all_its_messages(pec: Pec, producer: Producer, take_jobs: TakeJobs) -> None:
    producer.send("inv-1", **{**SEND, "recipient": ["a@pec.example", "b@pec.example"]})
    take_jobs()

    assert [row["id"] for row in rows(pec("export", "inv-1").out)] == ["inv-1#1", "inv-1#2"]


def test_one_pec_to_several_has_a_row_for_each_recipient(
    pec: Pec, producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.send("inv-1", **{**SEND, "recipient": ["a@pec.example", "b@pec.example"]}, together=True)
    take_jobs()
    reached = receipt(Kind.CONSEGNA, named=(Named("a@pec.example", None),))
    outcomes = {"a@pec.example": "delivered", "b@pec.example": "sent"}
    change("inv-1", received(State.SENT, reached, outcomes=outcomes))

    found = rows(pec("export", "inv-1").out)

    assert [(row["recipient"], row["state"], bool(row["consegna"])) for row in found] == [
        ("a@pec.example", "delivered", True),
        ("b@pec.example", "sent", False),
    ]


def test_no_cell_is_a_formula(pec: Pec, producer: Producer, take_jobs: TakeJobs) -> None:
    producer.send(
        "-1", **{**SEND, "subject": '=HYPERLINK("http://evil";"x")', "recipient": "+39@pec.example"}
    )
    take_jobs()

    [row] = rows(pec("export", "--all").out)

    assert (row["id"], row["recipient"]) == ("'-1", "'+39@pec.example")
    assert row["subject"] == '\'=HYPERLINK("http://evil";"x")'


def test_a_batch_larger_than_what_is_held_is_whole(pec: Pec, producer: Producer, take_jobs: TakeJobs) -> None:
    ids = [f"m{number:04d}" for number in range(1203)]
    producer.send_many({**SEND, "id": one, "batch": "big"} for one in ids)
    take_jobs()

    assert [row["id"] for row in rows(pec("export", "--batch", "big").out)] == ids


def test_a_file_takes_the_place_of_stdout(pec: Pec, batch: list[str], tmp_path: Path) -> None:
    file = tmp_path / "november.csv"
    file.write_text("of yesterday")

    ran = pec("export", "--batch", "november", "--output", str(file))

    assert ran.out == ""
    assert f"written to {file}" in ran.err
    assert len(rows(read(file))) == 3
    assert file.stat().st_mode & 0o777 == 0o600


def test_no_half_file_is_left_and_the_old_one_stays(
    pec: Pec, store: Store, batch: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "november.csv"
    file.write_text("of yesterday")
    store.client.hset(store.keys.message("b"), "state", "of a newer version")

    ran = pec("export", "--batch", "november", "--output", str(file))

    assert ran.code == 1
    assert "upgrade" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["november.csv"]
    assert file.read_text() == "of yesterday"


def test_a_link_is_followed_to_the_file_that_it_names(pec: Pec, batch: list[str], tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "november.csv")

    pec("export", "--all", "--output", str(tmp_path / "link.csv"))

    assert (tmp_path / "link.csv").is_symlink()
    assert len(rows(read(tmp_path / "november.csv"))) == 4


@pytest.mark.parametrize(
    ("place", "said"),
    [("", "is a directory"), ("no/folder/x.csv", "No such file"), ("pipe", "it is no regular file")],
)
def test_a_place_that_can_not_be_written_is_named(
    pec: Pec, batch: list[str], tmp_path: Path, place: str, said: str
) -> None:
    os.mkfifo(tmp_path / "pipe")

    ran = pec("export", "--all", "--output", str(tmp_path / place))

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert str(tmp_path / place) in ran.err


@pytest.mark.parametrize("said", [(), ("a", "--all"), ("a", "--batch", "b"), ("--batch", "b", "--all")])
def test_just_one_thing_is_exported(pec: Pec, said: tuple[str, ...]) -> None:
    assert pec("export", *said).code == 2


def test_an_unknown_name_is_no_empty_export(pec: Pec, batch: list[str], tmp_path: Path) -> None:
    file = tmp_path / "x.csv"

    unknown = pec("export", "c", "inv-9", "--output", str(file))
    assert (unknown.code, "there is no message inv-9" in unknown.err) == (3, True)
    unknown = pec("export", "--batch", "october", "--output", str(file))
    assert (unknown.code, "there is no message of batch october" in unknown.err) == (3, True)
    assert not file.exists()


def test_rejected_jobs_of_a_batch_are_counted(
    pec: Pec, producer: Producer, take_jobs: TakeJobs, batch: list[str]
) -> None:
    for batch_name in ("november", "october"):
        producer.send(f"bad-{batch_name}", **{**SEND, "account": "nobody"}, batch=batch_name)
    take_jobs()

    assert "1 job of the batch was rejected and is no message" in pec("export", "--batch", "november").err
    none: Ran = pec("export", "--batch", "october")
    assert (none.code, "1 of its jobs was rejected" in none.err) == (3, True)


def test_jobs_that_wait_to_be_taken_may_be_the_batch(pec: Pec, producer: Producer) -> None:
    producer.send("inv-1", **SEND, batch="november")

    assert "1 job waits to be taken" in pec("export", "--batch", "november").err


def test_a_record_that_is_gone_is_reported(pec: Pec, store: Store, batch: list[str]) -> None:
    store.client.delete(store.keys.message("c"))

    ran = pec("export", "c")

    assert (ran.code, "no record of c any more" in ran.err) == (3, True)


def test_where_there_is_nothing_at_all_the_table_is_empty(pec: Pec) -> None:
    ran = pec("export", "--all")

    assert (ran.code, rows(ran.out)) == (0, [])
    assert "no messages yet" in ran.err


# By state, with the sheet's columns, in Italian


@pytest.fixture
def in_italian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "")
    monkeypatch.setenv("LC_MESSAGES", "")
    monkeypatch.delenv("LANGUAGE", raising=False)
    monkeypatch.setenv("LANG", "it_IT.UTF-8")


@pytest.mark.parametrize("name", ["undelivered", "non consegnata", "non-consegnato", "NON_CONSEGNATE"])
def test_a_state_is_named_in_english_or_italian(pec: Pec, batch: list[str], name: str) -> None:
    assert [row["id"] for row in rows(pec("export", "--batch", "november", "--state", name).out)] == ["a"]
    assert [one["id"] for one in pec("list", "--state", name, "--json").lines] == ["a"]
    both = pec("export", "--batch", "november", "--state", name, "--state", "in coda", "--json")
    assert [one["id"] for one in both.lines] == ["a", "b"]


def test_a_state_that_is_none_is_refused_with_those_there_are(pec: Pec) -> None:
    ran = pec("export", "--all", "--state", "persa")
    assert (ran.code, "persa is no state: name one of queued, sending" in ran.err) == (2, True)


def test_by_state_of_a_pec_to_several_only_those_recipients_are_listed(
    pec: Pec, producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.send("inv-1", **{**SEND, "recipient": ["a@pec.example", "b@pec.example"]}, together=True)
    take_jobs()
    outcomes = {"a@pec.example": "delivered", "b@pec.example": "undelivered"}
    change("inv-1", received(State.UNDELIVERED, receipt(Kind.ACCETTAZIONE), outcomes=outcomes))

    def reached(state: str) -> list[str]:
        return [row["recipient"] for row in rows(pec("export", "--all", "--state", state).out)]

    assert (reached("undelivered"), reached("delivered")) == (["b@pec.example"], ["a@pec.example"])


@pytest.mark.usefixtures("in_italian")
def test_names_states_and_reasons_are_italian_also_when_redirected(
    pec: Pec, change: Settle, batch: list[str], tmp_path: Path
) -> None:
    reason = Reason("not_delivered", "the recipient's provider did not deliver it")
    change("a", received(State.UNDELIVERED, reason=reason))
    pec("export", "a", "--output", str(tmp_path / "a.csv"))

    [row] = rows(read(tmp_path / "a.csv"))
    assert (row["destinatario"], row["stato"]) == (SEND["recipient"], "non consegnata")
    assert row["motivo"] == "il gestore del destinatario non l'ha consegnata"
    assert row["mancata consegna"]
    assert pec("export", "a", "--json").lines[0]["state"] == "undelivered"


def test_the_sheets_own_columns_stand_at_the_end(
    pec: Pec, producer: Producer, take_jobs: TakeJobs, batch: list[str]
) -> None:
    for number, row in enumerate(({"Nome": "=Anna", "State": "IT"}, {"Nome": "Bruno", "Note": "x"})):
        producer.send(f"row-{number}", **SEND, batch="sheet", metadata={"row": row})
    producer.send("else", **SEND, batch="sheet", metadata={"row": 7})
    take_jobs()

    found = rows(pec("export", "--batch", "sheet").out)
    assert list(found[0])[-3:] == ["Nome", "State (sheet)", "Note"]
    assert [(row["Nome"], row["state"], row["State (sheet)"], row["Note"]) for row in found] == [
        ("'=Anna", "queued", "IT", ""),
        ("Bruno", "queued", "", "x"),
        ("", "queued", "", ""),
    ]
