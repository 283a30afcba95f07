"""Files of a campaign that change after its check: what was not checked is not sent, and no good file is lost."""

import re
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests

from console.campaigns import uploads
from console.campaigns.shelf import Shelf
from producers import Producer
from tests.integration.console.campaigning import Clerk
from tests.integration.producing import jobs_in


def attach(clerk: Clerk, campaign: str, name: str, content: bytes) -> requests.Response:
    """Attach a file for everyone, and leave the rest of the letter as usual."""
    return clerk.browser.upload(
        f"{campaign}/letter",
        [("everyone", (name, content))],
        name="avvisi", account="acme", subject="s", text="t", step="check",
    )  # fmt: skip


def revision_of(clerk: Clerk, campaign: str) -> str:
    """Return the revision that the second question names."""
    found = re.search(r'name="revision" value="(\d+)"', clerk.browser.get(f"{campaign}/start").text)
    assert found
    return found[1]


def spoilt(method: int) -> bytes:
    """Return a ZIP of two files, the second of which can't be read."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("a.pdf", b"another")
        archive.writestr("b.pdf", b"BBBB")
        place = archive.getinfo("b.pdf")
    content = bytearray(file.getvalue())
    content[place.header_offset + 30 + len("b.pdf")] = 0xFF
    return bytes(content)


def test_an_empty_file_takes_no_good_one_s_place(clerk: Clerk, producer: Producer) -> None:
    campaign = clerk.begin()
    clerk.done(f"{campaign}/list")
    attach(clerk, campaign, "x.pdf", b"%PDF-1.4")
    clerk.done(f"{campaign}/check")

    attach(clerk, campaign, "x.pdf", b"")
    assert "è vuoto" in clerk.browser.notice(f"{campaign}/letter")
    clerk.done(f"{campaign}/check")
    clerk.start(campaign)
    clerk.sent(campaign)

    sends = [job for job in jobs_in(producer) if job["type"] == "send"]
    assert [[one["name"] for one in job["attachments"]] for job in sends] == [["x.pdf"], ["x.pdf"]]


def test_a_text_that_came_with_a_refused_name_is_not_sent_unchecked(clerk: Clerk, producer: Producer) -> None:
    campaign = clerk.ready()
    checked = revision_of(clerk, campaign)

    clerk.write(campaign, name="è vietato", text="Altro testo")
    assert "Nome della campagna" in clerk.browser.notice(f"{campaign}/letter")
    clerk.done(f"{campaign}/check")
    clerk.browser.post(f"{campaign}/start", revision=checked, when="")

    assert "è cambiata dopo questa domanda" in clerk.browser.notice(f"{campaign}/check")
    assert jobs_in(producer) == []


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_with_one_spoilt_file_changes_none(clerk: Clerk, tmp_path: Path, method: int) -> None:
    campaign = clerk.begin()
    clerk.done(f"{campaign}/list")
    clerk.upload(f"{campaign}/files", "files", b"good", "a.pdf")

    answer = clerk.upload(f"{campaign}/files", "files", spoilt(method), "x.zip")

    assert answer.status_code == 303
    assert "non è possibile aprire" in clerk.browser.notice(f"{campaign}/letter")
    folder = next(tmp_path.rglob("files"))
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == {"a.pdf": b"good"}
    assert [one.name for one in folder.parent.iterdir() if one.name.startswith("tmp")] == []


def test_no_earlier_check_counts_while_a_list_is_replaced(
    clerk: Clerk, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a console that dies in the middle leaves no list that counts as checked."""
    campaign = clerk.ready()
    desk = shelf.desk(campaign.rpartition("/")[2])
    checked, meanwhile = desk.read().revision, []
    store = uploads.store

    def stored(*asked: Any) -> None:
        store(*asked)
        meanwhile.append(desk.read().revision)

    monkeypatch.setattr(uploads, "store", stored)
    clerk.upload(f"{campaign}/sheet", "sheet", "PEC;nome;numero\nbianchi@pec.example;B;1\n", "avvisi.csv")

    assert checked < meanwhile[0] < desk.read().revision
