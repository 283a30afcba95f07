"""Tests to oneself and letters of any row in a dry run."""

from pathlib import Path

import pytest

from producers import Producer
from tests.integration.cli.commands.importing_rows import HEADER, ROWS, Import
from tests.integration.producing import TakeJobs, jobs_in

SELF = "clerk@pec.example.it"


def test_a_test_goes_to_oneself_marked_at_once_and_outside_the_batch(
    import_rows: Import, producer: Producer
) -> None:
    late = ("--not-before", "2036-01-01T00:00:00Z", "--not-after", "2036-02-01T00:00:00Z", "--priority", "1")

    ran = import_rows(ROWS, "--test-to", SELF, "--rows", "2", "--batch", "soci", *late, "--json")

    [job] = jobs_in(producer)
    assert ran.code == 0
    assert ran.lines[0]["tests"] == [
        {
            "row": 2,
            "line": 3,
            "recipient": "Z@pec.example.it",
            "subject": "[PROVA] Avviso per Zoë & C.",
            "id": job["id"],
        }
    ]
    assert job == {
        "type": "send",
        "id": job["id"],
        "account": "acme",
        "recipient": SELF,
        "subject": "[PROVA] Avviso per Zoë & C.",
        "body": "<p>Gentile Zoë &amp; C.: 2,00 €</p>",
        "priority": 9,
    }


def test_without_rows_the_first_that_can_be_sent_is_tested_and_refused_ones_stop_nothing(
    import_rows: Import, producer: Producer
) -> None:
    ran = import_rows([HEADER, ["Rossi", "rossi@", "1"], *ROWS[1:]], "--test-to", f"Io <{SELF}>")

    [job] = jobs_in(producer)
    assert ran.code == 0
    assert job["subject"] == "[PROVA] Avviso per Nicolò"
    assert ran.out.splitlines()[1].split("\t")[:3] == ["2", "3", "n@pec.example.it"]
    assert "1 refused line is not looked at here: --dry-run shows it." in ran.err


def test_rows_are_counted_without_empty_ones_and_the_line_of_the_sheet_is_named(
    import_rows: Import, producer: Producer
) -> None:
    ran = import_rows(
        [HEADER, ROWS[1], ["", "", ""], ROWS[2]], "--test-to", SELF, "--rows", "2, 1,2", "--json"
    )

    assert [(one["row"], one["line"]) for one in ran.lines[0]["tests"]] == [(2, 4), (1, 2)]
    assert len(jobs_in(producer)) == 2


def test_each_test_is_a_message_of_its_own_and_leaves_the_campaign_to_be_sent(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs
) -> None:
    for _ in range(2):
        import_rows(ROWS, "--test-to", SELF)
    import_rows(ROWS)
    after = import_rows(ROWS, "--test-to", SELF, "--rows", "1,2")
    take_jobs()

    assert after.code == 0
    assert producer.store.client.zcard(producer.store.keys.state("queued")) == 6  # type: ignore[arg-type]
    assert producer.store.client.hget(producer.store.keys.batch("soci"), "queued") == b"2"


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--rows", "3"), 2, "--rows: there is no row 3: the file has 2 rows below the header"),
        (("--rows", "0"), 2, "0 is no list of rows"),
        (("--rows", "1;2"), 2, "1;2 is no list of rows"),
        (("--dry-run",), 2, "choose one"),
        (("--show", "1"), 2, "add --dry-run"),
    ],
)
def test_what_can_not_be_tested_is_one_message_and_nothing_is_sent(
    import_rows: Import, producer: Producer, options: tuple[str, ...], code: int, said: str
) -> None:
    ran = import_rows(ROWS, "--test-to", SELF, *options)

    assert (ran.code, said in ran.err) == (code, True)
    assert jobs_in(producer) == []


@pytest.mark.parametrize("address", ["me", "a@b@c.it", "a@pec.it b@pec.it", ""])
def test_an_address_that_is_none_is_refused_with_its_value(
    import_rows: Import, producer: Producer, address: str
) -> None:
    ran = import_rows(ROWS, "--test-to", address)

    assert (ran.code, f"--test-to: {address}: is not an e-mail address" in ran.err) == (2, True)
    assert jobs_in(producer) == []


def test_a_refused_row_is_not_tested_and_the_message_names_row_line_and_reason(
    import_rows: Import, producer: Producer
) -> None:
    ran = import_rows([*ROWS, ["", "a@pec.example.it", "1"]], "--test-to", SELF, "--rows", "1,3")

    assert ran.code == 3
    assert "row 3 (line 4): Nome: is empty" in ran.err
    assert jobs_in(producer) == []


def test_the_mark_stays_within_the_limit_of_subjects(import_rows: Import, producer: Producer) -> None:
    import_rows(ROWS, "--subject", "x" * 499, "--test-to", SELF)

    [job] = jobs_in(producer)
    assert len(job["subject"]) == 500
    assert job["subject"].startswith("[PROVA] xxx")


def test_attachments_go_with_the_test(import_rows: Import, producer: Producer, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF a")

    import_rows([[*HEADER, "allegato"], ["N", "n@pec.example.it", "1", "a.pdf"]], "--test-to", SELF)

    [job] = jobs_in(producer)
    assert [one["name"] for one in job["attachments"]] == ["a.pdf"]


def test_a_dry_run_shows_the_letters_of_any_rows(import_rows: Import, producer: Producer) -> None:
    rows = [*ROWS, ["Rossi", "rossi@", "3"]]

    shown = import_rows(rows, "--dry-run", "--show", "2,3", "--skip-invalid")
    [summary] = import_rows(rows, "--dry-run", "--show", "3", "--skip-invalid", "--json").lines

    assert "<p>Gentile Zoë &amp; C.: 2,00 €</p>" in shown.out
    assert "<p>Gentile Rossi: 3 €</p>" in shown.out
    assert "Gentile Nicolò" not in shown.out
    assert "line     3" in shown.out
    [letter] = summary["shown"]
    assert (letter["row"], letter["line"], letter["subject"]) == (3, 4, "Avviso per Rossi")
    assert [one["field"] for one in letter["refused"]] == ["PEC"]
    assert summary["first"]["subject"] == "Avviso per Nicolò"
    assert jobs_in(producer) == []


def test_a_row_that_is_not_there_can_not_be_shown(import_rows: Import) -> None:
    ran = import_rows(ROWS, "--dry-run", "--show", "1,7")

    assert (ran.code, "--show: there is no row 7: the file has 2 rows below the header" in ran.err) == (
        2,
        True,
    )
