"""Campaigns over HTTP: each step from the list to the start, and each refusal with its field and remedy."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import Workbook

from console.campaigns.shelf import Shelf
from producers import Producer
from tests.integration.console.campaigning import LIST, Clerk
from tests.integration.producing import TakeJobs, jobs_in


def workbook(*rows: tuple[str, ...]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def packed(**files: bytes) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return file.getvalue()


# The list


def test_a_list_is_shown_column_by_column_with_examples_and_counts(clerk: Clerk) -> None:
    campaign = clerk.begin(LIST + "verdi@pec.example;Verdi;102\n;;\nnessuno;Neri;103\n")

    page = clerk.done(f"{campaign}/list")

    assert "rossi@pec.example · verdi@pec.example" in page
    assert "4 / 4" in page
    assert "{numero}" in page
    assert re.search(r"Destinatari</dt><dd>2<", page)
    assert re.search(r"Righe respinte</dt><dd>1<", page)
    assert re.search(r"Righe ripetute</dt><dd>1<", page)
    assert "non è un indirizzo" in page


def test_a_workbook_is_read_too(clerk: Clerk) -> None:
    campaign = clerk.begin(workbook(("PEC", "nome"), ("rossi@pec.example", "Rossi")), "soci.xlsx")

    assert "rossi@pec.example" in clerk.done(f"{campaign}/list")


def test_refused_rows_are_downloaded_corrected_and_uploaded(clerk: Clerk) -> None:
    campaign = clerk.begin(LIST + "nessuno;Neri;103\n")
    clerk.done(f"{campaign}/list")

    answer = clerk.browser.get(f"{campaign}/refused.csv?of=list")

    assert "avvisi-righe-respinte.csv" in answer.headers["content-disposition"]
    text = answer.content.decode("utf-8-sig")
    assert "riga 4: PEC: non è un indirizzo" in text
    assert "rossi" not in text
    clerk.upload(f"{campaign}/sheet", "sheet", text.replace("nessuno", "neri@pec.example"), "corrette.csv")
    assert re.search(r"Destinatari</dt><dd>1<", clerk.done(f"{campaign}/list"))


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "vuoto.csv", "è vuoto"),
        (b"%PDF-1.4", "elenco.pdf", "è un PDF"),
        (b"\xd0\xcf\x11\xe0 old", "elenco.xls", "vecchio file Excel"),
        (b"PK\x03\x04 no workbook", "elenco.xlsx", "elenco.xlsx"),
        (b"nome;numero\nRossi;1\n", "senza.csv", "«Colonna dei destinatari»"),
        (b"PEC;nome\n", "intestazione.csv", "destinatari"),
        (b"PEC\0;x\n\0", "zeri.csv", "zeri.csv"),
        (b"PEC;PEC\na@pec.example;b@pec.example\n", "doppia.csv", "si chiamano PEC"),
    ],
)
def test_a_list_that_can_t_be_read_says_why(clerk: Clerk, content: bytes, name: str, said: str) -> None:
    answer = clerk.upload("/campaigns", "sheet", content, name)
    assert answer.status_code == 303
    where = answer.headers["location"]

    page = clerk.browser.notice(where) if where == "/campaigns/new" else clerk.done(where)

    assert said in page.replace("&#39;", "'")
    assert "--" not in re.sub(r"<[^>]*>", "", page).replace("text/html", "")


def test_no_file_at_all_is_refused(clerk: Clerk) -> None:
    clerk.upload("/campaigns", "sheet", b"", "")

    assert "non è stato scelto alcun file" in clerk.browser.notice("/campaigns/new")


def test_another_column_of_recipients_can_be_chosen(clerk: Clerk) -> None:
    campaign = clerk.begin("PEC uno;PEC due\na@pec.example;b@pec.example\n")
    assert "più di una colonna" in clerk.done(f"{campaign}/list")

    clerk.browser.post(f"{campaign}/list", to_column="PEC due")

    assert "b@pec.example" in clerk.done(f"{campaign}/list")


# The letter


def test_what_is_missing_in_a_letter_is_named_with_its_field(clerk: Clerk) -> None:
    campaign = clerk.begin()
    clerk.done(f"{campaign}/list")

    answer = clerk.write(campaign, account="", subject="Per {cognome}", text="")

    assert answer.headers["location"] == f"{campaign}/letter"
    page = clerk.browser.get(f"{campaign}/letter").text
    wrong = dict(re.findall(r'id="wrong-(\w+)">(.*?)</small>', page))
    assert set(wrong) == {"account", "subject", "text"}
    assert "cognome" in wrong["subject"]
    assert "«Oggetto»" in wrong["subject"]
    assert "numero" in wrong["subject"]
    assert 'value="Per {cognome}"' in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "è vietato"}, "Nome della campagna"),
        ({"account": "gamma"}, "Mittente"),
        ({"text": "x" * 500_001}, "500 kB"),
    ],
)
def test_a_value_that_can_t_be_kept_is_refused(clerk: Clerk, fields: dict[str, str], said: str) -> None:
    campaign = clerk.begin()
    clerk.done(f"{campaign}/list")

    clerk.write(campaign, **fields)

    assert said in clerk.browser.notice(f"{campaign}/letter")


def test_a_name_that_another_campaign_has_is_refused(
    clerk: Clerk, producer: Producer, take_jobs: TakeJobs
) -> None:
    producer.send("n-1", account="acme", recipient="x@pec.example", subject="s", body="b", batch="novembre")
    take_jobs()
    first = clerk.ready()
    second = clerk.begin()
    assert "avvisi-2" in clerk.done(f"{second}/list")

    for name in ("novembre", "avvisi"):
        clerk.write(second, name=name)
        assert "è già in uso" in clerk.browser.notice(f"{second}/letter")
    assert "avvisi-2" in clerk.browser.get(f"{second}/list").text
    assert clerk.browser.get(f"{first}/check").status_code == 200


def test_a_letter_is_uploaded_as_html_and_can_be_edited(clerk: Clerk) -> None:
    campaign = clerk.begin()
    clerk.done(f"{campaign}/list")
    letter = "<p>Città di {nome}</p>".encode("cp1252")

    clerk.browser.upload(
        f"{campaign}/letter",
        [("letter", ("lettera.html", b"<meta charset=windows-1252>" + letter))],
        name="avvisi", account="acme", subject="s", text="old", step="check",
    )  # fmt: skip

    assert "Città di {nome}" in clerk.browser.get(f"{campaign}/letter").text
    clerk.done(f"{campaign}/check")
    assert "Città di Rossi" in clerk.browser.get(f"{campaign}/rows/2").content.decode()


def test_a_letter_that_is_no_text_says_why(clerk: Clerk) -> None:
    campaign = clerk.begin()
    clerk.done(f"{campaign}/list")

    clerk.browser.upload(f"{campaign}/letter", [("letter", ("x.pdf", b"%PDF-1.4"))], name="avvisi")

    assert "è un PDF" in clerk.browser.notice(f"{campaign}/letter")


# Attachments


def test_files_of_a_zip_are_attached_by_a_column_and_one_to_everyone(
    clerk: Clerk, producer: Producer
) -> None:
    campaign = clerk.begin(
        "PEC;nome;numero;allegato\nrossi@pec.example;R;1;a.pdf\nverdi@pec.example;V;2;B.pdf\n"
    )
    clerk.done(f"{campaign}/list")
    clerk.upload(f"{campaign}/files", "files", packed(**{"in/a__pdf": b"A", "B__pdf": b"B"}), "tutti.zip")
    assert "2 file aggiunti" in clerk.browser.notice(f"{campaign}/letter")
    clerk.browser.upload(
        f"{campaign}/letter",
        [("everyone", ("nota.pdf", b"N"))],
        name="avvisi", account="acme", subject="s", text="t", file_columns="allegato", step="check",
    )  # fmt: skip
    assert "a.pdf" in clerk.done(f"{campaign}/check?row=2")

    clerk.start(campaign)
    clerk.sent(campaign)

    names = {
        job["recipient"]: [one["name"] for one in job["attachments"]]
        for job in jobs_in(producer)
        if job["type"] == "send"
    }
    assert names == {"rossi@pec.example": ["nota.pdf", "a.pdf"], "verdi@pec.example": ["nota.pdf", "B.pdf"]}


def test_a_row_whose_file_is_missing_is_refused(clerk: Clerk) -> None:
    campaign = clerk.ready("PEC;nome;numero;allegato\nrossi@pec.example;R;1;a.pdf\n", file_columns="allegato")

    page = clerk.browser.get(f"{campaign}/check").text

    assert "a.pdf: " in page
    assert re.search(r"PEC da inviare</dt><dd>0<", page)
    assert clerk.start(campaign).headers["location"] == f"{campaign}/check"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (packed(), "non contiene alcun file"),
        (packed(**{"a/x__pdf": b"1", "b/X__pdf": b"2"}), "stesso nome"),
        (b"PK\x03\x04 broken", "non è possibile aprire"),
        (b"", "è vuoto"),
    ],
)
def test_a_zip_that_can_t_be_used_says_why(clerk: Clerk, content: bytes, said: str) -> None:
    campaign = clerk.begin()
    clerk.done(f"{campaign}/list")

    clerk.upload(f"{campaign}/files", "files", content, "x.zip")

    assert said in clerk.browser.notice(f"{campaign}/letter")


# Check, test and start


def test_each_row_is_shown_as_its_recipient_will_see_it(clerk: Clerk) -> None:
    campaign = clerk.ready()

    page = clerk.done(f"{campaign}/check?row=3")  # its line in the file

    assert "Avviso 102" in page
    assert "2 di 2" in page
    assert f'src="{campaign}/rows/3?' in page
    assert "<p>Gentile Verdi,</p>" in clerk.browser.get(f"{campaign}/rows/3").text
    assert [clerk.browser.get(f"{campaign}/rows/{line}").status_code for line in (1, 4)] == [404, 404]
    assert re.search(r"Costo</dt><dd>0,10 €<", page)


def test_the_number_of_a_refused_row_leads_to_its_letter(clerk: Clerk) -> None:
    campaign = clerk.ready(f"{LIST}\n;Neri;103\nrossi@pec.example;Rossi;101\n")

    page = clerk.done(f"{campaign}/check")

    assert f'<a href="{campaign}/check?row=5#preview">5</a>' in page
    refused = clerk.browser.get(f"{campaign}/check?row=5").text
    assert "Questa riga è respinta." in refused
    assert "Avviso 103" in refused
    assert re.search(r">6</td><td class=\"number\">2</td>", page)  # which row it repeats
    assert "Prosegui verso l'avvio" not in page  # before a decision about the refused row


@pytest.mark.parametrize("row", ["99999999", "100000001", "9" * 5000, "-1", "x"])
def test_a_row_that_no_file_has_is_no_fault(clerk: Clerk, row: str) -> None:
    campaign = clerk.ready()

    assert clerk.browser.get(f"{campaign}/check?row={row}").status_code in (200, 400)
    assert clerk.browser.get(f"{campaign}/rows/{row}").status_code in (400, 404)
    assert clerk.browser.post(f"{campaign}/test", to="io@pec.example", row=row).status_code == 303


def test_a_test_goes_to_oneself_and_to_no_one_else(clerk: Clerk, producer: Producer) -> None:
    campaign = clerk.ready()

    clerk.browser.post(f"{campaign}/test", to="io@pec.example", row="3")

    assert "io@pec.example" in clerk.browser.notice(f"{campaign}/check")
    [job] = jobs_in(producer)
    assert (job["recipient"], job["subject"]) == ("io@pec.example", "[PROVA] Avviso 102")
    assert "batch" not in job


@pytest.mark.parametrize(("to", "said"), [("io", "«Il tuo indirizzo»"), ("", "«Il tuo indirizzo»")])
def test_a_test_to_no_address_is_refused(clerk: Clerk, producer: Producer, to: str, said: str) -> None:
    campaign = clerk.ready()

    clerk.browser.post(f"{campaign}/test", to=to, row="2")

    assert said in clerk.browser.notice(f"{campaign}/check")
    assert jobs_in(producer) == []


def test_a_draft_is_deleted_with_its_files(clerk: Clerk) -> None:
    campaign = clerk.ready()
    assert "Non è stato inviato nulla" in clerk.browser.get(f"{campaign}/delete").text

    clerk.browser.post(f"{campaign}/delete")

    assert "eliminati" in clerk.browser.notice("/campaigns")
    assert clerk.browser.get(f"{campaign}/list").status_code == 404
    assert clerk.browser.get("/campaigns").text.count(campaign) == 0


def test_english_pages_have_no_word_of_the_terminal(clerk: Clerk) -> None:
    clerk.browser.post("/preferences", language="en", next="/campaigns")
    campaign = clerk.begin("PEC;nome;numero\nno address;R;1\n")
    clerk.done(f"{campaign}/list")
    clerk.write(campaign, subject="For {name}")

    pages = [clerk.browser.get(f"{campaign}/{step}").text for step in ("list", "letter")]

    assert "is no column" in pages[1]
    for page in pages:
        assert re.findall(r"--[a-z]+", re.sub(r"<[^>]*>", "", page)) == []


def test_drafts_without_a_change_for_long_are_removed(clerk: Clerk, tmp_path: Path) -> None:
    campaign = clerk.ready()
    shelf = Shelf(tmp_path / "console" / "campaigns")

    shelf.remove_old(timedelta(days=1))
    assert clerk.browser.get(f"{campaign}/list").status_code == 200
    shelf.remove_old(timedelta(0))

    assert clerk.browser.get(f"{campaign}/list").status_code == 404
