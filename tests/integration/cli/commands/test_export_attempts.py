"""Recipients to whom a message was sent again: they count once, by their last attempt."""

import csv
import re
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from pec.attempts import mended_ids
from pec.names import State
from producers import Producer
from tests.integration.archive.receiving import received
from tests.integration.cli.commands.importing_rows import HEADER, Import
from tests.integration.commands import Pec
from tests.integration.producing import Settle, TakeJobs

ROWS = [["id", *HEADER], *([name, name.upper(), f"{name}@pec.example.it", "1"] for name in "abc")]
MENDED = next(mended_ids("soci-b", "nuovo@pec.example.it", []))
SENT_AT = datetime(2026, 11, 24, 11, tzinfo=UTC)


@pytest.fixture
def sent_again(import_rows: Import, pec: Pec, take_jobs: TakeJobs, change: Settle) -> None:
    """`soci`: a delivered at once; b and c cancelled, then sent again, b to another address, and delivered."""
    import_rows(ROWS)
    take_jobs()
    change("soci-a", received(State.DELIVERED, sent_at=SENT_AT))
    pec("cancel", "--batch", "soci")
    take_jobs()
    mended = [*ROWS[:2], ["b", "B", "nuovo@pec.example.it", "1"], ROWS[3]]
    assert import_rows(mended, "--again", "cancelled").code == 0
    take_jobs()
    change(MENDED, received(State.DELIVERED, sent_at=SENT_AT))
    change("soci-c:2", received(State.DELIVERED, sent_at=SENT_AT))


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))


@pytest.mark.usefixtures("sent_again")
def test_watch_ends_well_once_the_last_attempts_arrived(pec: Pec) -> None:
    ran = pec("watch", "--batch", "soci")

    assert ran.code == 0
    assert "3 delivered\n" in ran.err
    assert "2 earlier attempts are not counted" in ran.err
    assert "cancelled" not in ran.out + ran.err


@pytest.mark.usefixtures("sent_again")
def test_watch_says_so_if_a_last_attempt_did_not_arrive(
    pec: Pec, import_rows: Import, take_jobs: TakeJobs
) -> None:
    import_rows([*ROWS, ["d", "D", "d@pec.example.it", "1"]], "--again", "cancelled")
    take_jobs()
    pec("cancel", "--batch", "soci")
    take_jobs()

    ran = pec("watch", "--batch", "soci")

    assert ran.code == 6
    assert "3 delivered · 1 cancelled" in ran.err


@pytest.mark.usefixtures("sent_again")
def test_the_export_names_the_later_attempt_and_counts_each_recipient_once(pec: Pec) -> None:
    ran = pec("export", "--batch", "soci", "--no-wait")

    assert {row["id"]: row["replaced_by"] for row in lines(ran.out)} == {
        "soci-a": "",
        "soci-b": MENDED,
        "soci-c": "soci-c:2",
        MENDED: "",
        "soci-c:2": "",
    }
    assert "3 messages: 3 delivered" in ran.err
    assert "2 earlier attempts are not counted: column replaced_by names the later ones" in ran.err
    stated = pec("export", "soci-b", "soci-a", "--json", "--no-wait").lines
    assert [one.get("replaced_by") for one in stated] == [MENDED, None]


@pytest.mark.usefixtures("sent_again")
def test_a_state_finds_only_messages_that_were_not_sent_again(pec: Pec) -> None:
    assert lines(pec("export", "--batch", "soci", "--state", "cancelled").out) == []
    assert pec("list", "--batch", "soci", "--state", "cancelled", "--json").lines == []
    assert pec("list", "--state", "cancelled", "--json").lines == []

    found = {one["id"]: one.get("replaced_by") for one in pec("list", "--batch", "soci", "--json").lines}
    assert (len(found), found["soci-c"]) == (5, "soci-c:2")
    assert "sent again as soci-c:2" in pec("list", "--batch", "soci").out


@pytest.mark.parametrize("size", [None, 6])
@pytest.mark.usefixtures("sent_again")
def test_the_report_has_a_line_for_each_recipient_that_remarks_on_earlier_attempts(
    pec: Pec, producer: Producer, take_jobs: TakeJobs, tmp_path: Path, size: int | None
) -> None:
    if size:
        producer.batch("soci", size=size)
        take_jobs()
    for ending in ("html", "pdf"):
        assert pec("report", "--batch", "soci", "--output", str(tmp_path / f"r.{ending}")).code == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    cells = re.findall(r"<td>(.*?)</td>", page, re.DOTALL)

    assert cells[:6] == ["consegnata", "3", "100,0 %", "Totale", "3", "100,0 %"]
    assert "<dt>Messaggi</dt><dd>3</dd>" in page
    assert "<dt>Invii precedenti, non contati</dt><dd>2</dd>" in page
    assert "3 destinatari" in page
    when = r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d"
    assert re.search(f"PEC precedente a b@pec.example.it annullata il {when}</td>", page)
    assert re.search(f"PEC precedente annullata il {when}</td>", page)
    assert ("1 messaggio annunciato non è mai arrivato" in page) is bool(size)


def test_ids_of_the_sheet_that_look_like_attempts_count_each(
    import_rows: Import, pec: Pec, take_jobs: TakeJobs, tmp_path: Path
) -> None:
    rows = [ROWS[0], ["a", *ROWS[1][1:]], ["a:2", *ROWS[2][1:]], ["x:2", *ROWS[3][1:]]]
    import_rows(rows)
    take_jobs()
    pec("cancel", "--batch", "soci")
    take_jobs()

    assert "3 cancelled" in pec("watch", "--batch", "soci").err
    assert "3 messages: 3 cancelled" in pec("export", "--batch", "soci").err
    pec("report", "--batch", "soci", "--output", str(tmp_path / "r.html"))
    assert "3 destinatari" in (tmp_path / "r.html").read_text(encoding="utf-8")
