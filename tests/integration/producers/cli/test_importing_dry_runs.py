"""Dry runs: the first message, how long it takes, and nothing enqueued."""

import pytest

from pec.store import accounts
from pec.store.store import Store
from producers import Producer
from tests.integration.producers.cli import importing_rows
from tests.integration.producers.cli.importing_rows import ROWS, Import
from tests.integration.producers.test_producer import jobs_in

import_rows = importing_rows.import_rows


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


def test_when_sending_starts_later_it_ends_later_and_may_come_too_late(import_rows: Import) -> None:
    window = ("--not-before", "2036-01-01T00:00:00+01:00", "--not-after")

    late = import_rows(ROWS, "--dry-run", "--json", *window, "2036-01-01T00:00:01+01:00")
    in_time = import_rows(ROWS, "--dry-run", *window, "2036-01-01T01:00:00+01:00")

    assert late.lines[0]["finishes_at"].startswith("2035-12-31T23:00:02")
    assert "come after --not-after" in late.err
    assert "come after --not-after" not in in_time.err
