"""`pec import`: all lines become jobs, or none; a fault of the whole file is reported once."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pec.messages import Reason
from pec.store import accounts, heartbeat
from pec.store.store import Store
from producers import Producer
from tests.integration.cli.commands.importing_rows import HEADER, ROWS, Import, sends
from tests.integration.commands import Pec
from tests.integration.producers.campaigns.spreadsheets import csv_ansi, csv_utf8, xlsx
from tests.integration.producing import jobs_in


def test_each_line_becomes_a_job_of_a_batch_whose_size_is_reported(
    import_rows: Import, producer: Producer
) -> None:
    imported = import_rows(ROWS)

    assert imported.code == 0
    size, *jobs = jobs_in(producer)
    assert size == {"type": "batch", "id": "soci", "size": 2}
    assert [(job["recipient"], job["subject"], job["body"]) for job in jobs] == [
        ("n@pec.example.it", "Avviso per Nicolò", "<p>Gentile Nicolò: 1,50 €</p>"),
        ("Z@pec.example.it", "Avviso per Zoë & C.", "<p>Gentile Zoë &amp; C.: 2,00 €</p>"),
    ]
    assert all(job["batch"] == "soci" and job["id"].startswith("soci-") for job in jobs)
    assert "2 enqueued" in imported.out
    assert "pec watch --batch soci" in imported.err


@pytest.mark.parametrize("write", [csv_ansi, csv_utf8, xlsx])
def test_every_format_gives_the_same_jobs(
    import_rows: Import, producer: Producer, tmp_path: Path, write: Callable[..., Path]
) -> None:
    import_rows(ROWS)
    expected = sends(producer)
    producer.store.client.flushall()

    import_rows(write(tmp_path, ROWS), "--batch", "soci")

    assert sends(producer) == expected


def test_a_missing_worker_is_named(import_rows: Import, store: Store) -> None:
    assert "No worker is running" in import_rows(ROWS).err

    heartbeat.beat(store, {"worker": ["w1"]}, 60)
    assert "No worker is running" not in import_rows(ROWS).err


def test_a_line_put_in_between_and_a_copy_of_the_file_change_no_id(
    import_rows: Import, producer: Producer, tmp_path: Path
) -> None:
    import_rows(ROWS)

    more = [HEADER, ["Anna", "a@pec.example.it", "3"], *ROWS[1:]]
    import_rows(csv_ansi(tmp_path, more, "Soci - Copia (2).csv"))

    assert [job["recipient"] for job in sends(producer)[2:]] == ["a@pec.example.it"]


def test_every_option_reaches_the_jobs(import_rows: Import, producer: Producer, tmp_path: Path) -> None:
    (tmp_path / "tutti.pdf").write_bytes(b"%PDF")
    import_rows(
        ROWS,
        *("--batch", "b1", "--priority", "9", "--webhook", "crm", "--no-reference", "--attach"),
        *(str(tmp_path / "tutti.pdf"), "--not-before", "2026-11-23T09:30:00+01:00"),
        *("--not-after", "2036-11-24T09:30:00+01:00"),
    )

    for job in sends(producer):
        assert (job["batch"], job["priority"], job["webhook"], job["reference"]) == ("b1", 9, "crm", False)
        assert (job["not_before"], job["not_after"]) == (
            "2026-11-23T09:30:00+01:00",
            "2036-11-24T09:30:00+01:00",
        )
        assert [one["name"] for one in job["attachments"]] == ["tutti.pdf"]


def test_attachments_are_those_beside_the_file(
    import_rows: Import, producer: Producer, tmp_path: Path
) -> None:
    (tmp_path / "atti").mkdir()
    (tmp_path / "atti" / "n.pdf").write_bytes(b"%PDF n")
    (tmp_path / "b.pdf").write_bytes(b"%PDF b")
    rows = [["nome", "pec", "importo", "allegati"], ["N", "n@pec.example.it", "1", r"atti\n.pdf; b.pdf"]]

    assert import_rows(rows).code == 0

    [job] = sends(producer)
    assert [one["name"] for one in job["attachments"]] == ["n.pdf", "b.pdf"]
    uploaded = producer.store.client.get(producer.store.keys.upload(job["attachments"][0]["sha256"]))
    assert uploaded == b"%PDF n"


def test_an_id_of_the_file_is_the_jobs(import_rows: Import, producer: Producer) -> None:
    rows = [["Pratica", *HEADER], ["p-1", "N", "n@pec.example.it", "1"], ["", "Z", "z@pec.example.it", "2"]]

    import_rows(rows, "--id-column", "pratica")

    first, second = sends(producer)
    assert first["id"] == "soci-p-1"
    assert second["id"].startswith("soci-")


@pytest.mark.parametrize(
    ("rows", "options", "code", "said"),
    [
        ([HEADER], (), 3, "no line under them"),
        ([["Nome", "Importo"], ["N", "1"]], (), 3, "--to-column"),
        (ROWS, ("--to-column", "Pek"), 2, "did you mean PEC?"),
        (ROWS, ("--subject", "{cognome}"), 2, "--subject: {cognome} is no column (did you mean Nome?)"),
        (ROWS, ("--body", "no.html"), 2, "does not exist"),
        (ROWS, ("--account", "ACME"), 3, "rejected: account: use the name of a configured mailbox"),
        (ROWS, ("--batch", "a b"), 3, "rejected: batch: use 1 to 128 letters"),
        (ROWS, ("--batch", "b" * 120), 2, "longer than 100"),
        (ROWS, ("--not-before", "domani"), 3, "rejected: not_before: is not an RFC 3339 instant"),
    ],
)
def test_what_is_wrong_with_all_of_it_is_reported_once(
    import_rows: Import,
    producer: Producer,
    rows: list[list[str]],
    options: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    imported = import_rows(rows, *options)

    assert imported.code == code
    assert said in imported.err
    assert jobs_in(producer) == []


def test_a_body_that_is_no_text_is_a_mistake(import_rows: Import, tmp_path: Path) -> None:
    (tmp_path / "word.docx").write_bytes(b"PK\x03\x04\x00\x00")

    assert import_rows(ROWS, body="word.docx").code == 2


def test_a_body_in_windows_code_page_is_read(import_rows: Import, producer: Producer, tmp_path: Path) -> None:
    (tmp_path / "ansi.html").write_bytes("<p>perché {nome}</p>".encode("cp1252"))

    import_rows(ROWS, body="ansi.html")

    assert sends(producer)[0]["body"] == "<p>perché Nicolò</p>"


def test_an_account_that_no_worker_serves_is_refused_with_those_that_are(
    import_rows: Import, store: Store, producer: Producer
) -> None:
    heartbeat.beat(store, {"account": ["acne", "other"]}, 60)

    imported = import_rows(ROWS)

    assert imported.code == 3
    assert "acme is not configured (did you mean acne?); known: acne, other" in imported.err
    assert jobs_in(producer) == []


def test_an_endpoint_that_no_worker_knows_is_refused(import_rows: Import, store: Store) -> None:
    heartbeat.beat(store, {"account": ["acme"], "endpoint": ["crm"]}, 60)

    assert import_rows(ROWS, "--webhook", "crmm").code == 3
    assert import_rows(ROWS, "--webhook", "crm").code == 0


def test_a_real_import_needs_redis(import_rows: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEC_REDIS_URL", "unix:///no/such/socket?db=0")

    assert import_rows(ROWS).code == 4


def test_when_redis_takes_no_more_half_way_it_is_reported_how_many_are_in(
    import_rows: Import, producer: Producer, tmp_path: Path
) -> None:
    (tmp_path / "long.html").write_text("<p>{nome}</p>" + "x" * 20_000)
    rows = [HEADER, *[[f"N{number}", f"n{number}@pec.example.it", "1"] for number in range(1000)]]
    client = producer.store.client
    used: Any = client.info("memory")["used_memory"]
    client.config_set("maxmemory", used + 10_000_000)  # half of them
    try:
        imported = import_rows(rows, body="long.html")
    finally:
        client.config_set("maxmemory", 0)

    assert imported.code == 4
    noted = re.search(
        r"at least (\d+) of 1000 are in: once Redis answers, import the same file again", imported.err
    )
    assert noted
    assert 0 < int(noted[1]) <= len(sends(producer)) < 1000
    assert import_rows(rows, body="long.html").code == 0
    assert len({job["id"] for job in sends(producer)}) == 1000


def test_a_number_that_excel_has_shortened_is_warned_about(import_rows: Import) -> None:
    rows = [HEADER, ["N", "n@pec.example.it", "1,23457E+11"]]

    [warning] = import_rows(rows, "--json").lines[0]["warnings"]

    assert "a long number that Excel has shortened" in warning["reason"]


@pytest.mark.parametrize("number", [1.23456789012345e16, 1.5e22])
def test_a_number_of_a_workbook_with_more_digits_than_it_keeps_is_warned_about(
    import_rows: Import, tmp_path: Path, number: float
) -> None:
    rows: list[list[Any]] = [[*HEADER], ["N", "n@pec.example.it", number]]

    [warning] = import_rows(xlsx(tmp_path, rows), "--json").lines[0]["warnings"]

    assert "a long number that Excel has shortened" in warning["reason"]


def test_a_paused_account_is_noted_with_the_remedy(import_rows: Import, store: Store) -> None:
    accounts.pause(store, "acme", Reason("credentials", "the API refuses them"))

    imported = import_rows(ROWS)

    assert imported.code == 0
    assert "account acme is paused: the API refuses the token or the credentials" in imported.err
    assert "pec resume acme" in imported.err


def test_a_letter_is_also_named_as_send_names_it(
    import_rows: Import, pec: Pec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "@own.html").write_text("<p>Con la chiocciola</p>", encoding="utf-8")
    import_rows(ROWS, "--dry-run")  # writes the files
    sheet = next(tmp_path.glob("*.csv"))
    options = ("--account", "acme", "--subject", "Avviso", "--dry-run")

    assert "Gentile Nicolò" in pec("import", str(sheet), *options, "--body", "@body.html").out
    assert "Con la chiocciola" in pec("import", str(sheet), *options, "--body", "@own.html").out
    assert "'own.txt' does not exist" in pec("import", str(sheet), *options, "--body", "@own.txt").err
