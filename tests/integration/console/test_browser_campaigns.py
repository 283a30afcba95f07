"""A campaign in a real browser, from the list to the proof, in each language, without a terminal."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pec.names import State
from pec.store import records
from pec.store.store import Store
from producers import Producer
from tests.integration.console.campaigning import LIST
from tests.integration.console.chromium import PHONE, WIDE, Tab, picture
from tests.integration.producing import Settle, TakeJobs, jobs_in, to

OpenTab = Callable[..., Tab]
WORDS = {
    "it-IT": {
        "new": "Nuova campagna", "upload": "Carica", "on": "Prosegui: scrivi la lettera",
        "check": "Salva e controlla", "start": "Prosegui verso l'avvio", "send": "Invia 2 PEC",
        "pause": "Metti in pausa", "resume": "Fai ripartire", "proof": "Prepara le prove", "get": "Scarica le prove",
        "report": "Prepara il rapporto", "print": "Scarica il rapporto", "test": "Invia la prova",
        "again": "Invia di nuovo a indirizzi corretti", "draft": "Prepara la bozza",
    },
    "en-GB": {
        "new": "New campaign", "upload": "Upload", "on": "Go on: write the letter",
        "check": "Save and check", "start": "Go on to the start", "send": "Send 2 PEC",
        "pause": "Pause", "resume": "Resume", "proof": "Make the proof", "get": "Download the proof",
        "report": "Make the report", "print": "Download the report", "test": "Send the test",
        "again": "Send again to corrected addresses", "draft": "Make the draft",
    },
}  # fmt: skip


@pytest.mark.parametrize("locale", list(WORDS))
def test_a_person_takes_a_list_to_the_proof(
    tab: OpenTab,
    locale: str,
    store: Store,
    producer: Producer,
    take_jobs: TakeJobs,
    change: Settle,
    tmp_path: Path,
) -> None:
    say, one = WORDS[locale], tab("clerk", locale, dark=locale == "en-GB")
    page = one.page
    looked = Looked(one, locale)
    (tmp_path / "avvisi.csv").write_text(LIST, encoding="utf-8")

    one.open("/campaigns")
    looked.at("campaigns")
    page.click(f"text={say['new']}")
    page.set_input_files("input[name=sheet]", tmp_path / "avvisi.csv")
    page.get_by_role("button", name=say["upload"], exact=True).click()
    expect(page.locator(f"text={say['on']}")).to_be_visible(timeout=30_000)
    looked.at("list")
    page.click(f"text={say['on']}")
    write_letter(page)
    looked.at("letter")
    page.click(f"text={say['check']}")
    expect(page.frame_locator("iframe").locator("strong")).to_have_text("Rossi")
    looked.at("check")
    page.fill("input[name=to]", "io@pec.example")
    page.click(f"text={say['test']}")
    expect(page.locator("[role=status]")).to_contain_text("io@pec.example")
    page.click(f"text={say['start']}")
    looked.at("start")
    page.get_by_role("button", name=say["send"]).dblclick()
    expect(page.locator(".empty")).to_be_visible(timeout=30_000)  # no worker has taken them
    assert len([job for job in jobs_in(producer) if job.get("batch") == "avvisi"]) == 2

    take_jobs()
    page.reload()
    page.get_by_role("link", name=say["pause"]).click()
    page.click(".question button")
    page.get_by_role("button", name=say["resume"]).click()
    members = list(records.ids_of_batch(store, "avvisi"))
    for number, state in enumerate((State.DELIVERED, State.UNDELIVERED)):
        change(members[number], to(state))
    expect(page.locator("dd", has_text="2 / 2")).to_be_visible(timeout=30_000)
    looked.at("progress")

    page.get_by_role("button", name=say["report"]).click()
    page.get_by_role("button", name=say["proof"]).click()
    assert download(page, say["print"], tmp_path).read_bytes().startswith(b"%PDF")
    with zipfile.ZipFile(download(page, say["get"], tmp_path)) as proof:
        assert "avvisi/SHA256SUMS" in proof.namelist()
    page.get_by_role("link", name=say["again"]).click()
    looked.at("corrections")
    page.locator("input[name=addresses]").fill("nuovo@pec.example")
    page.click(f"text={say['draft']}")
    expect(page.locator("td", has_text="nuovo@pec.example")).to_be_visible(timeout=30_000)
    assert looked.faults == []


def write_letter(page: Page) -> None:
    """Fill in the form, with placeholders by their buttons."""
    page.select_option("select[name=account]", "acme")
    page.fill("#subject", "Avviso ")
    page.click("#subject")
    page.keyboard.press("End")
    page.click("button[data-insert='{numero}']")
    page.click("#text")
    page.click("button[data-around^='<p>']")
    page.keyboard.type("Gentile ")
    page.click("button[data-around^='<strong>']")
    page.click("button[data-insert='{nome}']")
    assert page.input_value("#subject") == "Avviso {numero}"
    assert page.input_value("#text") == "<p>Gentile <strong>{nome}</strong></p>"


def download(page: Page, link: str, folder: Path) -> Path:
    """Press a link that downloads, once it is there, and return the file."""
    with page.expect_download(timeout=30_000) as found:
        page.get_by_role("link", name=link).click(timeout=30_000)
    place = folder / found.value.suggested_filename
    found.value.save_as(place)
    return place


class Looked:
    """Collects the findings of axe, and in English, which is shown in dark colours, pages too wide for a phone."""

    def __init__(self, one: Tab, locale: str) -> None:
        self._tab, self._locale = one, locale
        self.faults: list[str] = []

    def at(self, name: str) -> None:
        """Look at the page that is shown."""
        self.faults += [f"{name}: {fault}" for fault in self._tab.serious()]
        if self._locale == "it-IT":
            picture(self._tab, f"campaign-{name}", "light")
        else:
            self._tab.page.set_viewport_size(PHONE)
            self.faults += [f"{name}: wider than a phone"] if self._tab.overflows() else []
            self._tab.page.set_viewport_size(WIDE)
