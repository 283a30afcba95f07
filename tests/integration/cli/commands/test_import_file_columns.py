"""Columns and cells as people bring them: whose addresses are taken, and what is said of it."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from producers import Producer
from tests.integration.cli.commands.importing_rows import HEADER, ROWS, Import, sends
from tests.integration.producers.campaigns.spreadsheets import csv_ansi, xlsx
from tests.integration.producing import TakeJobs

KEYED = [["ID", *HEADER], ["1", "N", "n@pec.example.it", "1"], ["2", "M", "m@pec.example.it", "2"]]


@pytest.mark.parametrize("header", [["E-mail", "PEC aziendale"], ["E-MAIL", "E-MAIL Certificata"]])
def test_pec_is_written_to_and_the_report_shows_column_and_values(
    import_rows: Import, producer: Producer, header: list[str]
) -> None:
    rows = [
        [*HEADER[::2], *header],
        *[["N", "1", "n@mail.it", f"n{number}@pec.example.it"] for number in range(5)],
    ]

    imported = import_rows(rows)

    assert {job["recipient"].partition("@")[2] for job in sends(producer)} == {"pec.example.it"}
    shown = ", ".join(f"n{number}@pec.example.it" for number in range(3))
    assert f"column {header[1]}: {shown}\n" in imported.out
    assert import_rows(rows, "--json").lines[0]["columns"]["recipient_values"] == shown.split(", ")


def test_an_address_far_down_makes_a_second_column_of_pec_a_question(import_rows: Import) -> None:
    rows = [[*HEADER, "PEC 2"], *[["N", f"n{number}@pec.example.it", "1", ""] for number in range(1200)]]
    assert import_rows(rows, "--dry-run").code == 0
    rows[-1][-1] = "m@pec.example.it"

    imported = import_rows(rows, "--dry-run")

    assert imported.code == 3
    assert "several columns may be meant (PEC, PEC 2): choose with --to-column" in imported.err
    assert import_rows(rows, "--to-column", "pec", "--dry-run").code == 0


def test_the_same_key_in_another_batch_is_another_message(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs
) -> None:
    first = import_rows(KEYED)
    assert "column ID, joined with the batch (--id-column '' turns it off)" in first.out
    assert [job["id"] for job in sends(producer)] == ["soci-1", "soci-2"]
    take_jobs()

    assert import_rows(KEYED, "--json").lines[0]["enqueued_before"] == 2
    assert import_rows(KEYED, "--batch", "natale", "--json").lines[0]["enqueued"] == 2


def test_a_column_of_ids_can_be_turned_off(import_rows: Import, producer: Producer, tmp_path: Path) -> None:
    aside = tmp_path / "errori.csv"
    rows = [*KEYED, ["1", "Z", "z@", "3"]]

    assert import_rows(rows, "--id-column", "", "--skip-invalid", "--refused", str(aside)).code == 0
    aside.write_text(aside.read_text(encoding="utf-8-sig").replace("z@;", "z@pec.example.it;"))
    assert import_rows(aside).code == 0  # which needs no --id-column ''

    rows[-1][2] = "z@pec.example.it"
    assert import_rows(rows, "--id-column", "", "--json").lines[0]["enqueued_before"] == 3
    assert not any(job["id"] in ("soci-1", "soci-2") for job in sends(producer))


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("ways", [("", "ID"), ("ID", ""), ("ID", "Importo")])
def test_the_same_file_with_another_column_of_ids_sends_nothing_twice(
    import_rows: Import, take_jobs: TakeJobs, ways: tuple[str, str], *, taken: bool
) -> None:
    rows = [["ID", *HEADER], ["1", "N", "n@pec.example.it", "5"], ["2", "N", "n@pec.example.it", "6"]]
    import_rows(rows, "--id-column", ways[0])
    if taken:
        take_jobs()

    again = import_rows(rows, "--id-column", ways[1], "--json").lines[0]

    assert (again["enqueued"], again["enqueued_before"]) == (0, 2)


def test_keys_that_an_earlier_version_did_not_join_with_the_batch_are_sent_once(
    import_rows: Import, producer: Producer, take_jobs: TakeJobs
) -> None:
    import_rows(KEYED)
    first, second = sends(producer)
    producer.store.client.delete(producer.store.keys.jobs)
    producer.send_many([{**first, "id": "1"}, {**second, "id": "2"}])
    take_jobs()

    assert import_rows(KEYED, "--json").lines[0]["enqueued_before"] == 2


def test_an_empty_value_of_the_template_refuses_its_line_unless_it_is_allowed(import_rows: Import) -> None:
    rows = [*ROWS, ["", "a@pec.example.it", "1"]]

    refused = import_rows(rows, "--json")

    assert refused.code == 3
    [problem] = refused.lines[0]["refused"]
    assert (problem["line"], problem["field"]) == (4, "Nome")
    assert "--allow-empty" in problem["reason"]
    allowed = import_rows(rows, "--allow-empty", "--json")
    assert (allowed.code, allowed.lines[0]["enqueued"]) == (0, 3)
    assert [one["reason"] for one in allowed.lines[0]["warnings"]] == ["is empty, and the template uses it"]


def test_an_empty_value_that_no_template_uses_refuses_nothing(import_rows: Import) -> None:
    assert import_rows([[*HEADER, "Note"], ["N", "n@pec.example.it", "1", ""]]).code == 0


@pytest.mark.parametrize("write", [csv_ansi, xlsx])
def test_the_advice_for_a_sheet_with_a_title_works(
    import_rows: Import, tmp_path: Path, write: object
) -> None:
    assert callable(write)
    titled = [["Elenco PEC dei soci, novembre", "", ""], ["", "", ""], *ROWS]

    refused = import_rows(write(tmp_path, titled))

    assert refused.code == 3
    assert "the column names stand on line 3" in refused.err
    assert "delete all lines above line 3" in refused.err
    assert import_rows(write(tmp_path, titled[2:])).code == 0


@pytest.mark.parametrize(
    "title",
    [
        [["Elenco PEC", "novembre 2026"]],
        [["Elenco", "PEC dei soci", "novembre"]],
        [["Studio Rossi"], ["per info: info@studio.it"]],
        [["Nome", "PEC", "Importo", "bozza"]],
    ],
)
@pytest.mark.parametrize("write", [csv_ansi, xlsx])
def test_a_title_as_wide_as_the_table_is_found_too(
    import_rows: Import, tmp_path: Path, title: list[list[str]], write: object
) -> None:
    assert callable(write)
    names = ["Nome", "Indirizzo PEC", "Importo"]
    rows = [*title, names, *ROWS[1:]]

    assert f"delete all lines above line {len(title) + 1}," in import_rows(write(tmp_path, rows)).err


def test_names_of_columns_that_are_repeated_and_cells_like_names_are_no_title(import_rows: Import) -> None:
    rows = [
        [*HEADER, "Canale"],
        [*ROWS[1], "PEC"],
        [*HEADER, "Canale"],
        [*ROWS[2], "Email"],
        ["M", "mail", "1", ""],
    ]

    refused = import_rows(rows, "--json")

    assert [one["line"] for one in refused.lines[0]["refused"]] == [3, 5]


def test_the_advice_for_a_title_above_unusual_names_works_step_by_step(import_rows: Import) -> None:
    titled = [["Elenco"], ["Nome", "Recapito", "Importo"], ["N", "n@pec.example.it", "1"]]

    assert "delete all lines above the column names" in import_rows(titled).err
    assert "delete all lines above line 2" in import_rows(titled, "--to-column", "recapito").err
    assert "--to-column (addresses are in Recapito)" in import_rows(titled[1:]).err
    assert import_rows(titled[1:], "--to-column", "recapito").code == 0


def test_addresses_are_cleaned_and_several_are_refused_with_their_value(
    import_rows: Import, producer: Producer
) -> None:
    cells = [
        "mailto:a@pec.example.it",
        "Rossi <b@pec.example.it>",
        "\xa0c@pec.example.it ",
        "x@pec.it, y@pec.it",
    ]

    imported = import_rows([HEADER, *[["N", cell, "1"] for cell in cells]], "--skip-invalid", "--json")

    assert [job["recipient"] for job in sends(producer)] == [f"{name}@pec.example.it" for name in "abc"]
    [refused] = imported.lines[0]["refused"]
    assert refused["reason"] == "holds several addresses (x@pec.it, y@pec.it): give each a line of its own"


def test_letters_of_another_alphabet_in_an_address_are_reported(import_rows: Import, tmp_path: Path) -> None:
    domain, name = "z@p\u0435c.it", "\u0430w@pec.it"  # Cyrillic
    file = tmp_path / "soci.csv"
    file.write_text(f"Nome;PEC;Importo\nN;{domain};1\nM;{name};1\n", encoding="utf-8")

    summary = import_rows(file, "--json", "--dry-run").lines[0]

    [warning], [refused] = summary["warnings"], summary["refused"]
    assert (warning["line"], refused["line"]) == (2, 3)
    assert "a Cyrillic letter among Latin ones" in warning["reason"]
    assert "a Cyrillic letter among Latin ones" in refused["reason"]


def test_empty_attachments_are_reported(import_rows: Import, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"")
    (tmp_path / "tutti.pdf").write_bytes(b"")
    rows = [[*HEADER, "allegato"], ["N", "n@pec.example.it", "1", "a.pdf"]]

    imported = import_rows(rows, "--attach", str(tmp_path / "tutti.pdf"), "--json")

    assert [one["field"] for one in imported.lines[0]["warnings"]] == ["allegato"]
    assert "a.pdf is empty (0 bytes)" in imported.lines[0]["warnings"][0]["reason"]
    assert "tutti.pdf, which every message gets, is empty" in imported.err


def test_a_workbook_that_was_saved_at_its_cover_is_reported_by_the_sheet(
    import_rows: Import, tmp_path: Path
) -> None:
    book = Workbook()
    assert book.active
    book.active.title = "Copertina"
    book.active.append(["Elenco"])
    rows = book.create_sheet("Dati")
    for row in ROWS:
        rows.append(row)
    book.save(tmp_path / "soci.xlsx")
    assert "The sheet Copertina was read" in import_rows(tmp_path / "soci.xlsx").err

    book.active = 1
    book.save(tmp_path / "soci.xlsx")
    assert import_rows(tmp_path / "soci.xlsx").code == 0


def test_a_brace_in_plain_text_is_written_as_the_advice_says(import_rows: Import, tmp_path: Path) -> None:
    (tmp_path / "body.txt").write_text("art. {1} per {nome} {importo}")
    assert "write &#123;" in import_rows(ROWS, body="body.txt").err

    (tmp_path / "body.txt").write_text("art. &#123;1&#125; per {nome} {importo}")
    assert "<p>art. &#123;1&#125; per Nicolò 1,50</p>" in import_rows(ROWS, "--dry-run", body="body.txt").out
