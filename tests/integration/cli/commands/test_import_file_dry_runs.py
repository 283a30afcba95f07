"""Dry runs: the first message, how long it takes, and nothing enqueued."""

import json
from pathlib import Path

import pytest

from pec.store import accounts
from pec.store.store import Store
from producers import Producer
from tests.integration.cli.commands.importing_rows import ROWS, Import
from tests.integration.producing import jobs_in


def test_a_dry_run_shows_the_first_message_and_enqueues_nothing(
    import_rows: Import, producer: Producer
) -> None:
    shown = import_rows(ROWS, "--dry-run")

    assert shown.code == 0
    assert jobs_in(producer) == []
    assert "Avviso per Nicolò" in shown.out
    assert "<p>Gentile Nicolò: 1,50 €</p>" in shown.out
    assert "0.10 EUR" in shown.out


def test_a_dry_run_for_programs_reports_all(
    import_rows: Import, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEC_API__PRICE_EUR", "0.07")
    monkeypatch.setenv("PEC_API__RATE", "0.1")
    monkeypatch.setenv("PEC_API__MARGIN_SECONDS", "0")
    accounts.register(store, "acme", "digest")
    store.client.zadd(store.keys.lane("acme"), {"m1": 1, "m2": 2, "m3": 3})

    [shown] = import_rows([*ROWS, ["", "x@gmail.com", "1"]], "--dry-run", "--json", "--allow-empty").lines

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


def test_a_dry_run_shows_a_domain_in_unicode(import_rows: Import) -> None:
    shown = import_rows([ROWS[0], ["A", "a@xn--societ-nta.example", "1"]], "--dry-run")

    assert "a@società.example" in shown.out.partition("costs")[2]


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


def test_when_sending_starts_later_it_ends_later_and_may_come_too_late(import_rows: Import) -> None:
    window = ("--not-before", "2036-01-01T00:00:00+01:00", "--not-after")

    late = import_rows(ROWS, "--dry-run", "--json", *window, "2036-01-01T00:00:01+01:00")
    in_time = import_rows(ROWS, "--dry-run", *window, "2036-01-01T01:00:00+01:00")

    assert late.lines[0]["finishes_at"].startswith("2035-12-31T23:00:02")
    assert "come after --not-after" in late.err
    assert "come after --not-after" not in in_time.err


def test_a_file_of_a_mac_is_read_and_the_report_says_so_with_three_values(
    import_rows: Import, tmp_path: Path
) -> None:
    names = ["Società Alfa", "Forlì e Città", "Niccolò", "Virtù"]
    rows = "".join(f"{number}@pec.example.it;{name};1\r" for number, name in enumerate(names))
    (tmp_path / "mac.csv").write_bytes(f"PEC;Nome;Importo\r{rows}".encode("mac_roman"))
    (tmp_path / "body.html").write_bytes("<p>Perché {nome}? È così</p>\r\n".encode("cp850"))

    shown = import_rows(tmp_path / "mac.csv", "--dry-run")
    summary = json.loads(import_rows(tmp_path / "mac.csv", "--dry-run", "--json").out)

    assert (
        "encoding   cp850: <p>Perché {nome}? È così</p> (body.html); macintosh: Società Alfa, " in shown.out
    )
    assert "Forlì e Città, Niccolò (mac.csv)" in shown.out
    assert summary["encodings"]["mac.csv"] == {"name": "mac_roman", "values": names[:3]}
    assert summary["first"]["body"].strip() == "<p>Perché Società Alfa? È così</p>"


def test_accents_that_can_be_two_things_are_asked_about(import_rows: Import, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("PEC;Nome;Importo\nx@pec.example.it;CAFFÈ;1\n".encode("mac_roman"))

    asked = import_rows(tmp_path / "a.csv", "--dry-run")
    answered = import_rows(tmp_path / "a.csv", "--dry-run", "--encoding", "macintosh")

    assert asked.code == 3
    assert "windows-1252: CAFFé; macintosh: CAFFÈ): name the right encoding with --encoding" in asked.err
    assert (answered.code, "Avviso per CAFFÈ" in answered.out) == (0, True)


def test_a_body_whose_accents_are_in_doubt_is_to_be_saved_again(import_rows: Import, tmp_path: Path) -> None:
    (tmp_path / "body.html").write_bytes("<p>CAFFÈ {nome}</p>".encode("mac_roman"))

    asked = import_rows(ROWS, "--dry-run")

    assert (asked.code, "--body: the accents of body.html can't be read for certain" in asked.err) == (
        2,
        True,
    )
    assert "save it as UTF-8" in asked.err


def test_lines_are_numbered_as_a_spreadsheet_does_and_the_report_says_so(
    import_rows: Import, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_bytes(
        b'PEC;Nome;Importo\nx@pec.example.it;"Via Roma\n10";1\nnessuno;Y;#SPILL!\n'
    )

    ran = import_rows(tmp_path / "a.csv", "--subject", "Avviso", "--dry-run")

    assert "\n3\tPEC\t" in ran.out
    assert "\n3\tImporto\tholds the error #SPILL! of a formula" in ran.out
    assert "Lines are numbered as a spreadsheet program numbers its rows" in ran.err
    assert "Lines are numbered" not in import_rows(ROWS, "--dry-run").err
