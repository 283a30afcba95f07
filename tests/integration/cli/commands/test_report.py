"""`pec report`: the pages that a clerk prints and signs."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pypdf import PdfReader

from archive.report import pdf_file
from pec.names import State
from pec.receipts import Kind
from pec.states import reason_of
from pec.store import records
from producers import Producer
from tests.integration.archive.receiving import ACCEPTED_AT, CODE, receipt, received
from tests.integration.commands import Pec
from tests.integration.producing import SEND, Settle, TakeJobs

NAMES = ("<b>Rossi & Figli</b>", "Αλέξανδρος", "Дмитрий Щукин", "Niccolò Città")
SENT = "24/11/2026 12:00:03"
HEADINGS = (
    "Destinatario e oggetto",
    "Stato",
    "Inviata il",
    "ACCETTAZIONE",
    "CONSEGNA",
    "Codice",
    "Motivo, o che cosa manca",
)


@pytest.fixture
def batch(producer: Producer, take_jobs: TakeJobs, change: Settle) -> None:
    """`novembre`: one delivered, one undelivered, one accepted, one queued, one that was announced and never came."""
    for number, name in enumerate(NAMES):
        fields = {**SEND, "recipient": f"r{number}@pec.example", "subject": f"Sollecito a {name}"}
        producer.send(f"m{number}", **fields, batch="novembre")
    producer.batch("novembre", size=len(NAMES) + 1)
    take_jobs()
    sent, accepted = ACCEPTED_AT - timedelta(seconds=2), receipt(Kind.ACCETTAZIONE)
    delivered = receipt(Kind.CONSEGNA, ACCEPTED_AT + timedelta(seconds=27))
    change("m0", received(State.DELIVERED, accepted, delivered, sent_at=sent))
    failed = receipt(Kind.MANCATA_CONSEGNA, error="5.1.1")
    reason = reason_of(State.UNDELIVERED, [accepted, failed])
    change("m1", received(State.UNDELIVERED, accepted, failed, reason=reason, sent_at=sent))
    change("m2", received(State.ACCEPTED, accepted, sent_at=sent))


class _Cells(HTMLParser):
    """The texts of a page by element, and every tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, _: object) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if self._is_cell(tag):
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and not self._is_cell(tag)

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data

    def _is_cell(self, tag: str) -> bool:
        return tag in ("td", "th")


def pages(file: Path) -> list[str]:
    return [page.extract_text() for page in PdfReader(file).pages]


@pytest.mark.usefixtures("batch")
def test_a_page_in_italian_has_each_recipient_and_what_is_missing(pec: Pec, tmp_path: Path) -> None:
    file = tmp_path / "r.html"
    ran = pec("report", "--batch", "novembre", "--output", str(file))

    assert ran.code == 0
    assert "3 messages have not ended" not in ran.err
    assert "2 messages have not ended: this report is not final" in ran.err
    assert file.stat().st_mode & 0o777 == 0o600
    page = file.read_text(encoding="utf-8")
    found = _Cells(page)
    rows = {row[0]: row[1:] for row in found.rows if len(row) == 8}
    assert tuple(rows["N."]) == HEADINGS
    assert rows["1"] == [
        f"r0@pec.example\nSollecito a {NAMES[0]}",
        "consegnata",
        SENT,
        "24/11/2026 12:00:05",
        "24/11/2026 12:00:32",
        CODE,
        "",
    ]
    assert rows["2"][1:5] == ["non consegnata", SENT, "24/11/2026 12:00:05", ""]
    assert rows["2"][6].startswith("24/11/2026 12:00:05: il gestore del destinatario non l'ha consegnata")
    assert rows["2"][6].endswith("la casella non esiste (5.1.1)")
    assert rows["3"][6] == "manca la CONSEGNA"
    assert rows["4"][1:] == ["in coda", "", "", "", "", "non ancora inviata"]
    assert ["Totale", "4", "100,0 %"] in found.rows
    assert "b" not in found.tags, "what somebody else wrote is no markup"
    assert "1 messaggio annunciato non è mai arrivato" in page
    assert "2 messaggi non si sono ancora conclusi: questo rapporto non è definitivo" in page
    assert all(word in page for word in ("Luogo", "Data", "Firma", 'lang="it"'))
    assert 'content: "Pagina " counter(page) " di " counter(pages)' in page


@pytest.mark.usefixtures("batch")
def test_a_pdf_says_the_same_with_its_pages_counted(
    pec: Pec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_file, "FOOT", 330.0)  # small pages
    file = tmp_path / "r.pdf"

    assert pec("report", "--batch", "novembre", "--output", str(file)).code == 0

    texts = pages(file)
    assert len(texts) > 2
    for number, text in enumerate(texts, 1):
        assert f"Pagina {number} di" in text
        assert "Rapporto sulle PEC del lotto novembre" in text
    lines = [text for text in texts if re.search(r"r\d@pec\.example", text)]
    assert all("Motivo, o che cosa manca" in text for text in lines), "the head is repeated"
    whole = "\n".join(texts)
    assert all(name in whole for name in NAMES)
    assert "24/11/2026 12:00:32" in whole
    assert "manca la CONSEGNA" in whole
    assert "Firma" in texts[-1]
    form = PdfReader(file).pages[0]["/Resources"]["/XObject"]  # type: ignore[index]
    assert len(form) == 1, "the number of pages"


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize("locale", ["C", "en_US.UTF-8", "it_IT.UTF-8"])
def test_it_is_italian_whatever_the_locale_is(
    pec: Pec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locale: str
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    file = tmp_path / "r.html"
    pec("report", "--batch", "novembre", "--output", str(file))
    page = file.read_text(encoding="utf-8")

    assert "Rapporto sulle PEC del lotto novembre" in page
    assert "manca la CONSEGNA" in page


def test_what_no_file_can_hold_does_not_stop_a_report(
    pec: Pec, producer: Producer, take_jobs: TakeJobs, tmp_path: Path
) -> None:
    subjects = ("😀 👩‍👩‍👧", "אברהם כהן", "محمد علي", "\u202eevil", "x" * 480, "<script>alert(1)</script>")
    for number, subject in enumerate(subjects):
        producer.send(f"m{number}", **{**SEND, "subject": subject}, batch="b")
    take_jobs()
    for ending in ("html", "pdf"):
        assert pec("report", "--batch", "b", "--output", str(tmp_path / f"r.{ending}")).code == 0

    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "אברהם כהן" in page
    assert "\u202e" not in page
    assert "<script>alert(1)</script>" in "".join(pages(tmp_path / "r.pdf"))


def test_one_subject_of_all_stands_in_the_head_and_not_in_each_row(
    pec: Pec, producer: Producer, take_jobs: TakeJobs, tmp_path: Path
) -> None:
    producer.send("m", **{**SEND, "recipient": ["a@pec.example", "b@pec.example"]}, batch="b")
    take_jobs()
    file = tmp_path / "r.html"
    pec("report", "--batch", "b", "--output", str(file))

    rows = [row for row in _Cells(file.read_text(encoding="utf-8")).rows if len(row) == 8]
    assert [row[1] for row in rows[1:]] == ["a@pec.example", "b@pec.example"]
    assert file.read_text(encoding="utf-8").count(SEND["subject"]) == 1


@pytest.mark.usefixtures("batch")
def test_a_file_is_replaced_and_one_that_cannot_be_written_is_named(pec: Pec, tmp_path: Path) -> None:
    file = tmp_path / "r.pdf"
    file.write_text("old")
    assert pec("report", "--batch", "novembre", "--output", str(file)).code == 0
    assert file.read_bytes().startswith(b"%PDF")

    for place, why in ((tmp_path / "none" / "r.pdf", "No such file"), (file / "r.pdf", "Not a directory")):
        ran = pec("report", "--batch", "novembre", "--output", str(place))
        assert ran.code == 2
        assert f"can't write {place}" in ran.err
        assert why in ran.err
    assert list(tmp_path.iterdir()) == [file]


def test_a_batch_or_a_kind_of_file_that_is_none_is_refused(pec: Pec, tmp_path: Path) -> None:
    unknown = pec("report", "--batch", "nobody", "--output", str(tmp_path / "r.pdf"))
    assert (unknown.code, "there is no message of batch nobody" in unknown.err) == (3, True)

    other = pec("report", "--batch", "novembre", "--output", str(tmp_path / "r.docx"))
    assert (other.code, "neither .html nor .pdf" in other.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("batch")
def test_a_record_without_dates_of_receipts_shows_what_its_receipts_say(
    pec: Pec, producer: Producer, tmp_path: Path
) -> None:
    stored = records.read(producer.store, "m0")
    assert stored is not None
    assert stored.delivered_at is None  # as an older version left it
    file = tmp_path / "r.html"
    pec("report", "--batch", "novembre", "--output", str(file))

    assert "24/11/2026 12:00:32" in file.read_text(encoding="utf-8")
