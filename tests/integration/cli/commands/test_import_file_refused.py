"""Refused lines: reported one by one, corrected in a separate file, imported from there."""

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from producers import Producer
from tests.integration.cli.commands.importing_rows import HEADER, ROWS, Import, sends
from tests.integration.producers.campaigns.spreadsheets import xlsx
from tests.integration.producing import TakeJobs, jobs_in


def test_one_refused_line_refuses_the_file(import_rows: Import, producer: Producer) -> None:
    imported = import_rows([*ROWS, ["Rossi", "rossi@", "1"]])

    assert imported.code == 3
    assert jobs_in(producer) == []
    assert "4\tPEC\tis not an e-mail address" in imported.out
    assert "--skip-invalid" in imported.err


def test_a_number_whose_format_is_unknown_refuses_its_line_by_cell_value_and_format(
    import_rows: Import, tmp_path: Path
) -> None:
    workbook = load_workbook(
        xlsx(tmp_path, [HEADER, ["N", "n@pec.example.it", 15.06], ["M", "m@pec.example.it", 2]])
    )
    workbook.worksheets[0]["C2"].number_format = "[DBNum1]0.0"
    workbook.save(tmp_path / "soci.xlsx")

    imported = import_rows(tmp_path / "soci.xlsx")

    assert imported.code == 3
    assert "2\tC2\tholds 15.06 in the number format [DBNum1]0.0, which can't be written" in imported.out
    assert "is empty" not in imported.out


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
def test_a_line_that_can_be_no_job_is_reported_by_its_column(
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


def test_refused_lines_survive_excel_and_are_for_their_owner_alone(
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


def test_a_mark_in_a_file_of_another_owner_is_text(import_rows: Import, producer: Producer) -> None:
    import_rows([HEADER, ["'00184", "n@pec.example.it", "1"]])

    assert sends(producer)[0]["subject"] == "Avviso per '00184"


def test_the_file_of_refused_lines_overwrites_none_that_is_read(import_rows: Import, tmp_path: Path) -> None:
    imported = import_rows(ROWS, "--refused", str(tmp_path / "soci.csv"))

    assert imported.code == 2
    assert (tmp_path / "soci.csv").read_bytes().startswith(b"Nome")


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
    assert header == "Nome;PEC;Importo;pec-id;pec-batch;errors"
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


def test_the_file_of_refused_lines_is_italian_where_lang_is_and_imports_all_the_same(
    import_rows: Import, producer: Producer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "it_IT.UTF-8")
    file, again = tmp_path / "errori.csv", tmp_path / "ancora.csv"
    import_rows([*ROWS, ["Rossi", "rossi@", "1"]], "--skip-invalid", "--refused", str(file))

    text = file.read_text("utf-8-sig")
    assert text.splitlines()[0] == "Nome;PEC;Importo;pec-id;pec-batch;errori"
    assert "riga 4: PEC: non è un indirizzo di posta" in text

    import_rows(file, "--refused", str(again))
    assert again.read_text("utf-8-sig").splitlines()[0].count("errori") == 1

    file.write_text(text.replace(";rossi@;", ";rossi@pec.example.it;"), "utf-8-sig")
    import_rows(file)
    assert sends(producer)[-1]["metadata"] == {
        "row": {"Nome": "Rossi", "PEC": "rossi@pec.example.it", "Importo": "1"}
    }
