"""`pec import`: every line judged, all enqueued or none."""

import csv
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pec.messages import Reason
from pec.names import State
from pec.store import accounts, presence
from pec.store.store import Store
from producers import Producer
from tests.integration.producers.campaign.spreadsheets import csv_ansi, csv_utf8, xlsx
from tests.integration.producers.cli.conftest import Pec, Ran
from tests.integration.producers.conftest import TakeJobs
from tests.integration.producers.test_producer import jobs_in

Import = Callable[..., Ran]
HEADER = ["Nome", "PEC", "Importo"]
ROWS = [HEADER, ["Nicolò", "n@pec.example.it", "1,50"], ["Zoë & C.", "Z@pec.example.it", "2,00"]]


@pytest.fixture
def import_rows(pec: Pec, tmp_path: Path) -> Import:
    """Imports these rows with a subject and a body that use name and amount."""
    (tmp_path / "body.html").write_text("<p>Gentile {nome}: {importo} €</p>", encoding="utf-8")

    def imported(rows: Sequence[Sequence[Any]] | Path, *options: str, body: str = "body.html") -> Ran:
        file = rows if isinstance(rows, Path) else csv_ansi(tmp_path, rows)
        asked = ("--account", "acme", "--body", str(tmp_path / body))
        subject = () if "--subject" in options else ("--subject", "Avviso per {Nome}")
        return pec("import", str(file), *asked, *subject, *options)

    return imported


def sends(producer: Producer) -> list[dict[str, Any]]:
    return [job for job in jobs_in(producer) if job["type"] == "send"]


# What is enqueued


def test_each_line_becomes_a_job_of_a_batch_whose_size_is_told(
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
    assert first["id"] == "p-1"
    assert second["id"].startswith("soci-")


# Twice


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

    [told] = import_rows([HEADER, changed, other], "--json").lines

    assert [one["line"] for one in told["refused"]] == [2]
    assert told["warnings"] == []


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


# Doubles


def test_the_same_message_to_the_same_recipient_is_sent_once(import_rows: Import, producer: Producer) -> None:
    rows = [*ROWS, ["Nicolò", "N@PEC.example.it", "1,50"]]

    imported = import_rows(rows, "--json")

    assert len(sends(producer)) == 2
    assert imported.lines[0]["doubles"] == [{"line": 4, "like": 2}]


def test_another_message_to_the_same_recipient_is_sent_too_and_told(
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

    assert [job["id"] for job in sends(producer)] == ["a", "b"]
    assert imported.lines[0]["doubles"] == [{"line": 3, "like": 2}]
    [refused] = imported.lines[0]["refused"]
    assert (refused["line"], refused["field"]) == (4, "id")
    assert "stands on line 2 too" in refused["reason"]


# Refused lines


def test_one_refused_line_refuses_the_file(import_rows: Import, producer: Producer) -> None:
    imported = import_rows([*ROWS, ["Rossi", "rossi@", "1"]])

    assert imported.code == 3
    assert jobs_in(producer) == []
    assert "4\tPEC\tis not an e-mail address" in imported.out
    assert "--skip-invalid" in imported.err


def test_the_others_are_enqueued_if_that_is_wanted(import_rows: Import, producer: Producer) -> None:
    imported = import_rows([*ROWS, ["Rossi", "rossi@", "1"]], "--skip-invalid")

    assert imported.code == 0
    assert len(sends(producer)) == 2


def test_where_no_line_can_be_sent_skipping_does_not_make_it_a_success(import_rows: Import) -> None:
    assert import_rows([HEADER, ["Rossi", "rossi@", "1"]], "--skip-invalid").code == 3


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        (["N", "", "1"], "PEC", "is empty"),
        (["N", "n@pec.example.it;m@pec.example.it", "1"], "PEC", "several addresses"),
        (["N", "n@pec.example.it", "#N/D"], "Importo", "holds the error #N/D of a formula"),
        (["N\nM", "n@pec.example.it", "1"], "Nome", "the subject has a line break"),
        (["N" * 600, "n@pec.example.it", "1"], "subject", "longer than 500"),
        (["N", "n@pec.example.it", "1", "oltre"], "line", "has 4 cells, and there are 3 columns"),
        (["N", "n@pec.example.it", "1", "", "oltre"], "line", "has 5 cells"),
    ],
)
def test_a_line_that_can_be_no_job_is_told_by_its_column(
    import_rows: Import, row: list[str], field: str, reason: str
) -> None:
    [refused] = import_rows([HEADER, row], "--json").lines[0]["refused"]

    assert (refused["line"], refused["field"]) == (2, field)
    assert reason in refused["reason"]


def test_a_value_under_no_name_is_refused_and_an_empty_column_is_not(
    import_rows: Import, producer: Producer
) -> None:
    rows = [["Nome", "", "PEC", "Importo"], ["N", "", "n@pec.example.it", "1"]]
    assert import_rows(rows).code == 0

    [refused] = import_rows([*rows, ["M", "x", "m@pec.example.it", "1"]], "--json").lines[0]["refused"]
    assert refused["field"] == "column 2"


def test_what_is_too_big_to_be_sent_is_refused_by_its_size_on_the_wire(
    import_rows: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEC_API__MAX_BYTES", "1000")
    (tmp_path / "a.pdf").write_bytes(b"x" * 700)
    (tmp_path / "b.pdf").write_bytes(b"x" * 800)
    row = ["N", "n@pec.example.it", "1"]
    rows = [[*HEADER, "allegato"], [*row, "a.pdf"], [*row, "b.pdf"]]

    [refused] = import_rows(rows, "--json").lines[0]["refused"]

    assert (refused["line"], refused["field"]) == (3, "allegato")
    assert "MB once encoded" in refused["reason"]


def test_at_most_twenty_are_shown_to_a_person(import_rows: Import) -> None:
    imported = import_rows([HEADER, *[["N", "n@", "1"]] * 30])

    assert imported.out.count("is not an e-mail address") == 20
    assert "and 10 more" in imported.out


def test_refused_lines_can_be_mended_in_a_file_and_are_the_messages_that_they_would_have_been(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs, tmp_path: Path
) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    header = [*HEADER, "allegato"]
    good = ["Nicolò", "n@pec.example.it", "1", "a.pdf"]
    wrong = [["Bianchi", "b@pec.example.it", "2", "c.pdf"], ["Rossi", "rossi@", "3", "a.pdf"]]
    aside = tmp_path / "da correggere.csv"
    import_rows([header, good, *wrong], "--skip-invalid", "--refused", str(aside))
    take_jobs()

    with aside.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert [(row["Nome"], row["errors"][:12]) for row in rows] == [
        ("Bianchi", "line 3: alle"),
        ("Rossi", "line 4: PEC:"),
    ]
    (tmp_path / "c.pdf").write_bytes(b"%PDF c")
    aside.write_text(aside.read_text(encoding="utf-8-sig").replace("rossi@;", "rossi@pec.example.it;"))
    assert import_rows(aside).code == 0
    take_jobs()

    wrong[1][1] = "rossi@pec.example.it"
    again = import_rows([header, good, *wrong], "--json")

    assert again.lines[0]["enqueued_before"] == 3
    assert again.lines[0]["enqueued"] == 0
    assert producer.store.client.hget(producer.store.keys.batch("soci"), "size") == b"3"


def test_refused_lines_survive_excel_and_are_for_nobody_else(
    import_rows: Import, producer: Producer, tmp_path: Path
) -> None:
    aside = tmp_path / "errori.csv"
    rows = [["2026-01", *HEADER], ["00184", "=Nome", "n@", "'1,50"]]
    import_rows(rows, "--batch", "2026-01", "--refused", str(aside))

    header, row = aside.read_text(encoding="utf-8-sig").splitlines()
    assert header.startswith("'2026-01;Nome;PEC;Importo;")
    assert row.startswith("'00184;'=Nome;n@;''1,50;;'2026-01;")
    assert aside.stat().st_mode & 0o777 == 0o600
    aside.write_text(aside.read_text(encoding="utf-8-sig").replace("n@;", "n@pec.example.it;"))
    assert import_rows(aside, "--subject", "{2026-01} {Nome} {Importo}").code == 0
    [job] = sends(producer)
    assert (job["subject"], job["batch"]) == ("00184 =Nome '1,50", "2026-01")


def test_a_mark_in_a_file_of_somebody_else_is_text(import_rows: Import, producer: Producer) -> None:
    import_rows([HEADER, ["'00184", "n@pec.example.it", "1"]])

    assert sends(producer)[0]["subject"] == "Avviso per '00184"


def test_the_file_of_refused_lines_overwrites_none_that_is_read(import_rows: Import, tmp_path: Path) -> None:
    imported = import_rows(ROWS, "--refused", str(tmp_path / "soci.csv"))

    assert imported.code == 2
    assert (tmp_path / "soci.csv").read_bytes().startswith(b"Nome")


# What is refused as a whole


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
def test_what_is_wrong_with_all_of_it_is_told_once(
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
    presence.vouch(store, {"account": ["acne", "other"]}, 60)

    imported = import_rows(ROWS)

    assert imported.code == 3
    assert "acme is not configured (did you mean acne?); known: acne, other" in imported.err
    assert jobs_in(producer) == []


def test_an_endpoint_that_no_worker_knows_is_refused(import_rows: Import, store: Store) -> None:
    presence.vouch(store, {"account": ["acme"], "endpoint": ["crm"]}, 60)

    assert import_rows(ROWS, "--webhook", "crmm").code == 3
    assert import_rows(ROWS, "--webhook", "crm").code == 0


# Dry runs


def test_a_dry_run_shows_the_first_message_and_enqueues_nothing(
    import_rows: Import, producer: Producer
) -> None:
    shown = import_rows(ROWS, "--dry-run")

    assert shown.code == 0
    assert jobs_in(producer) == []
    assert "Avviso per Nicolò" in shown.out
    assert "<p>Gentile Nicolò: 1,50 €</p>" in shown.out
    assert "0.10 EUR" in shown.out


def test_a_dry_run_for_programs_tells_all(
    import_rows: Import, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEC_API__PRICE", "0.07")
    monkeypatch.setenv("PEC_API__RATE", "0.1")
    monkeypatch.setenv("PEC_API__MARGIN", "0")
    accounts.register(store, "acme", "digest")
    store.client.zadd(store.keys.lane("acme"), {"m1": 1, "m2": 2, "m3": 3})

    [shown] = import_rows([*ROWS, ["", "x@gmail.com", "1"]], "--dry-run", "--json").lines

    assert shown["count"] == 3
    assert shown["first"] == {
        "id": shown["first"]["id"],
        "recipient": "n@pec.example.it",
        "subject": "Avviso per Nicolò",
        "body": "<p>Gentile Nicolò: 1,50 €</p>",
        "attachments": [],
    }
    assert shown["seconds"] == pytest.approx(60, abs=1)  # three wait already
    assert shown["cost_eur"] == pytest.approx(0.21)
    assert [(one["line"], one["field"]) for one in shown["warnings"]] == [(4, "Nome"), (4, "PEC")]
    assert "no CONSEGNA" in shown["warnings"][1]["reason"]
    assert "enqueued" not in shown


def test_caps_put_off_the_end(import_rows: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEC_API__DAILY_CAP", "1")

    [shown] = import_rows([*ROWS, ["A", "a@pec.example.it", "1"]], "--dry-run", "--json").lines

    assert shown["seconds"] > 86_000


def test_a_dry_run_needs_no_redis(import_rows: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEC_REDIS_URL", "unix:///no/such/socket?db=0")

    shown = import_rows(ROWS, "--dry-run", "--json")

    assert shown.code == 0
    assert shown.lines[0]["enqueued_before"] is None
    assert "could not be looked at" in shown.err


def test_a_dry_run_of_a_file_that_would_be_refused_ends_as_the_import_would(import_rows: Import) -> None:
    shown = import_rows([*ROWS, ["Rossi", "rossi@", "1"]], "--dry-run")

    assert shown.code == 3
    assert "Avviso per Nicolò" in shown.out


def test_a_real_import_needs_redis(import_rows: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEC_REDIS_URL", "unix:///no/such/socket?db=0")

    assert import_rows(ROWS).code == 4


def test_when_redis_takes_no_more_half_way_it_is_told_how_many_are_in(
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
    told = re.search(
        r"at least (\d+) of 1000 are in: once Redis answers, import the same file again", imported.err
    )
    assert told
    assert 0 < int(told[1]) <= len(sends(producer)) < 1000
    assert import_rows(rows, body="long.html").code == 0
    assert len({job["id"] for job in sends(producer)}) == 1000


# Files of refused lines


def test_a_line_that_has_no_id_yet_gets_none_that_another_line_names(
    import_rows: Import, producer: Producer
) -> None:
    import_rows([HEADER, ["N", "n@pec.example.it", "1"]])
    made = sends(producer)[0]["id"]
    rows = [["id", *HEADER], [made, "N", "n@pec.example.it", "1"], ["", "N", "n@pec.example.it", "2"]]

    import_rows(rows)

    assert [job["id"] for job in sends(producer)[1:]] == [f"{made}-2"]


def test_a_refused_line_keeps_the_id_that_it_would_have_had(
    import_rows: Import, producer: Producer, tmp_path: Path
) -> None:
    aside = tmp_path / "errori.csv"
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    row = ["N", "n@pec.example.it"]
    rows = [[*HEADER, "allegato"], [*row, "1", "a.pdf"], [*row, "2", "b.pdf"]]
    import_rows(rows, "--skip-invalid", "--refused", str(aside))
    (tmp_path / "b.pdf").write_bytes(b"%PDF b")

    import_rows(aside)

    first, second = sends(producer)
    assert (second["id"], second["batch"]) == (f"{first['id']}-2", "soci")


def test_a_file_of_refused_lines_that_is_refused_again_is_written_as_before(
    import_rows: Import, tmp_path: Path
) -> None:
    aside, again = tmp_path / "errori.csv", tmp_path / "errori 2.csv"
    import_rows([HEADER, ["N", "n@", "1", "oltre"]], "--refused", str(aside))

    import_rows(aside, "--refused", str(again))

    header, row = again.read_text(encoding="utf-8-sig").splitlines()
    assert header == "Nome;PEC;Importo;id;pec-batch;errors"
    assert row.startswith("N;n@;1;;soci;")
    assert row.endswith(";oltre")


def test_lines_of_two_batches_are_not_one_file(import_rows: Import) -> None:
    rows = [
        [*HEADER, "pec-batch"],
        ["N", "n@pec.example.it", "1", "b1"],
        ["M", "m@pec.example.it", "1", "b2"],
    ]

    [refused] = import_rows(rows, "--json").lines[0]["refused"]

    assert (refused["line"], refused["field"]) == (3, "pec-batch")
    assert import_rows(rows, "--batch", "b3").code == 0


def test_a_file_of_refused_lines_away_from_the_attachments_is_warned_about(
    import_rows: Import, tmp_path: Path
) -> None:
    (tmp_path / "altrove").mkdir()
    rows = [[*HEADER, "allegato"], ["N", "n@pec.example.it", "1", "manca.pdf"]]

    assert "Keep it in the folder" in import_rows(rows, "--refused", str(tmp_path / "altrove" / "e.csv")).err
    assert "Keep it in the folder" not in import_rows(rows, "--refused", str(tmp_path / "e.csv")).err
    assert import_rows(rows, "--refused", str(tmp_path / "no" / "e.csv")).code == 2


def test_a_line_that_is_refused_makes_no_double_of_one_that_can_be_sent(
    import_rows: Import, producer: Producer
) -> None:
    row = ["N", "n@pec.example.it", "1"]

    imported = import_rows([HEADER, [*row, "oltre"], row, row], "--skip-invalid", "--json")

    assert len(sends(producer)) == 1
    assert imported.lines[0]["doubles"] == [{"line": 4, "like": 3}]


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


def test_a_number_that_excel_has_shortened_is_warned_about(import_rows: Import) -> None:
    rows = [HEADER, ["N", "n@pec.example.it", "1,23457E+11"]]

    [warning] = import_rows(rows, "--json").lines[0]["warnings"]

    assert "a long number that Excel has shortened" in warning["reason"]


def test_when_sending_starts_later_it_ends_later_and_may_come_too_late(import_rows: Import) -> None:
    window = ("--not-before", "2036-01-01T00:00:00+01:00", "--not-after")

    late = import_rows(ROWS, "--dry-run", "--json", *window, "2036-01-01T00:00:01+01:00")
    in_time = import_rows(ROWS, "--dry-run", *window, "2036-01-01T01:00:00+01:00")

    assert late.lines[0]["finishes_at"].startswith("2035-12-31T23:00:02")
    assert "come after --not-after" in late.err
    assert "come after --not-after" not in in_time.err


def test_a_paused_account_is_told_of_with_the_remedy(import_rows: Import, store: Store) -> None:
    accounts.pause(store, "acme", Reason("credentials", "the API refuses them"))

    imported = import_rows(ROWS)

    assert imported.code == 0
    assert "account acme is paused: the API refuses them" in imported.err
    assert "pec resume acme" in imported.err
