"""The pages in a real browser: both languages, light, dark and phone, keyboard, screen reader, and hostile words."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from pec.names import State
from pec.store import audit, records
from pec.store.store import Store
from producers import Producer
from tests.integration.console.chromium import Tab, picture
from tests.integration.console.scene import Words, add_worker, build
from tests.integration.producing import Settle, TakeJobs

PAGES = {
    "/": ("Panoramica", "Overview"),
    "/campaigns": ("Campagne", "Campaigns"),
    "/campaigns/new": ("Nuova campagna", "New campaign"),
    "/messages": ("Messaggi", "Messages"),
    "/messages?q=rossi": ("Messaggi", "Messages"),
    "/messages?batch=novembre-2026": ("Lotto novembre-2026", "Batch novembre-2026"),
    "/messages/avv-1": ("Avviso", "Avviso"),
    "/messages/avv-2": ("Avviso", "Avviso"),
    "/messages/avv-2/resend": ("Inviare di nuovo avv-2?", "Send avv-2 again?"),
    "/messages/avv-2/discard": ("Rinunciare a avv-2?", "Give avv-2 up?"),
    "/decisions": ("Decisioni", "Decisions"),
    "/incoming": ("Posta in arrivo", "Incoming mail"),
    "/mailboxes": ("Caselle", "Mailboxes"),
    "/mailboxes/acme/pause": ("Mettere in pausa acme?", "Pause acme?"),
    "/webhooks": ("Webhook", "Webhooks"),
    "/webhooks/crm": ("Endpoint crm", "Endpoint crm"),
    "/webhooks/crm?only=failed": ("Endpoint crm", "Endpoint crm"),
    "/webhooks/crm/secret": ("Cambiare il segreto di crm", "Change the secret of crm"),
    "/webhooks/crm/replay": ("Consegnare di nuovo a crm", "Deliver again to crm"),
    "/rejected": ("Richieste respinte", "Rejected jobs"),
    "/figures": ("Andamento", "Figures"),
    "/figures?period=week": ("Andamento", "Figures"),
    "/workers": ("Worker", "Workers"),
    "/redis": ("Redis", "Redis"),
    "/audit": ("Registro", "Audit"),
    "/users": ("Utenti", "Users"),
    "/users/part": ("Utente part", "User part"),
    "/me": ("Il tuo accesso", "Your account"),
}
HOSTILE = '"\'><img src=x onerror="window.hurt=1"><script>window.hurt=1</script>{{7*7}}'

OpenTab = Callable[..., Tab]


@pytest.fixture
def scene(store: Store, producer: Producer, take_jobs: TakeJobs, change: Settle) -> None:
    build(store, producer, take_jobs, change, Words(), b"Subject: CONSEGNA")
    add_worker(store)


@pytest.fixture
def hostile_scene(store: Store, producer: Producer, take_jobs: TakeJobs, change: Settle) -> None:
    bad = HOSTILE
    build(store, producer, take_jobs, change, Words(bad, bad, bad.replace("/", ""), bad, bad, bad, bad))
    store.client.hset(
        store.keys.message("avv-4"), "recipient", bad
    )  # what a newer or foreign program may write
    store.client.hset(store.keys.message("avv-5"), "reason", _reason(bad))


@pytest.mark.usefixtures("scene")
@pytest.mark.parametrize("locale", ["it-IT", "en-GB"])
def test_each_page_shows_itself_in_both_languages(tab: OpenTab, locale: str) -> None:
    one = tab(locale=locale)
    for path, headings in PAGES.items():
        one.open(path)
        expect(one.page.locator("h1")).to_contain_text(headings[locale != "it-IT"])
        expect(one.page.locator("html")).to_have_attribute("lang", locale[:2])


@pytest.mark.usefixtures("scene")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_keeps_a_screen_reader_out(tab: OpenTab, dark: bool) -> None:
    one = tab(dark=dark)
    found = {}
    for path in PAGES:
        one.open(path)
        found[path] = one.serious()
        picture(one, path, "dark" if dark else "light")

    assert {path: serious for path, serious in found.items() if serious} == {}


@pytest.mark.usefixtures("scene")
def test_each_page_fits_a_phone(tab: OpenTab) -> None:
    one = tab(phone=True)
    wide = []
    for path in PAGES:
        one.open(path)
        picture(one, path, "phone")
        wide += [path] if one.overflows() else []

    assert wide == []
    one.page.click("summary:has-text('Menu')")
    one.page.click("nav >> text=Decisioni")
    expect(one.page.locator("h1")).to_have_text("Decisioni")


@pytest.mark.usefixtures("scene")
def test_the_keyboard_reaches_the_content_and_shows_where_it_is(tab: OpenTab) -> None:
    one = tab()
    one.open("/messages")
    one.page.keyboard.press("Tab")
    expect(one.page.locator(".skip")).to_be_focused()
    one.page.keyboard.press("Enter")
    expect(one.page.locator("main")).to_be_focused()
    one.page.keyboard.press("Tab")
    expect(one.page.locator("input[name=q]")).to_be_focused()
    outline = one.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


@pytest.mark.usefixtures("scene")
def test_an_operator_finds_and_settles_a_held_message(tab: OpenTab, store: Store) -> None:
    one = tab("operator")
    one.page.click("text=1 messaggio è trattenuto >> xpath=ancestor::li >> a")
    one.page.click("text=Invia di nuovo")
    expect(one.page.locator(".question")).to_contain_text("due volte")
    one.page.click(".question button")

    expect(one.page.locator("[role=status]")).to_contain_text("avv-2")
    found = records.read(store, "avv-2")
    assert found is not None
    assert found.resend
    assert ("user:operator", "message.resend", "message:avv-2") in [
        (entry["actor"], entry["action"], entry["object"]) for entry in audit.entries(store)
    ]


@pytest.mark.usefixtures("scene")
def test_a_message_that_is_given_up_has_failed(tab: OpenTab, store: Store) -> None:
    one = tab("operator", "en-GB")
    one.open("/decisions")
    one.page.click("text=Give up")
    one.page.click(".question button")

    expect(one.page.locator("[role=status]")).to_contain_text("was given up")
    found = records.read(store, "avv-2")
    assert found is not None
    assert found.state is State.FAILED


@pytest.mark.usefixtures("scene")
def test_an_operator_pauses_and_resumes_a_mailbox(tab: OpenTab) -> None:
    one = tab("operator", "en-GB")
    one.open("/mailboxes")
    one.page.click("#acme >> text=Pause")
    one.page.click(".question button")
    expect(one.page.locator("#acme")).to_contain_text("Paused by an operator")
    one.page.click("#acme >> text=Resume")
    expect(one.page.locator("[role=status]")).to_contain_text("sends again")


@pytest.mark.usefixtures("scene")
def test_an_operator_replays_a_dead_letter(tab: OpenTab) -> None:
    one = tab("operator", "en-GB")
    one.open("/webhooks")
    expect(one.page.locator("main")).to_contain_text("answered 500")
    one.page.click("a:has-text('Deliver again')")
    one.page.click("text=Deliver 1 dead letter again")
    expect(one.page.locator("[role=status]")).to_contain_text("1 dead letter is on its way again")


@pytest.mark.usefixtures("scene")
def test_a_search_finds_by_recipient_code_and_id(tab: OpenTab) -> None:
    one = tab("viewer", "en-GB")
    for words, path in (("avv-3", "/messages/avv-3"), ("2026112912300001", "/messages/avv-1")):
        one.open("/messages")
        one.page.fill("input[name=q]", words)
        one.page.press("input[name=q]", "Enter")
        one.page.wait_for_url(f"**{path}")
    one.open("/messages?q=NERI%40")
    expect(one.page.locator("tbody tr")).to_have_count(1)
    one.open("/messages?state=held")
    expect(one.page.locator("tbody tr")).to_have_count(1)


@pytest.mark.usefixtures("scene")
def test_language_and_colours_are_the_person_s_choice(tab: OpenTab) -> None:
    one = tab("viewer")
    one.page.click("text=English")
    expect(one.page.locator("h1")).to_have_text("Overview")
    one.page.click("text=Colours")
    expect(one.page.locator("html")).to_have_attribute("data-theme", "light")
    one.page.click("text=Colours")
    expect(one.page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.usefixtures("hostile_scene")
def test_hostile_words_of_jobs_and_mails_are_shown_and_do_nothing(tab: OpenTab) -> None:
    one = tab(locale="en-GB")
    seen = False
    for path in (
        *PAGES,
        "/messages/avv-4",
        "/messages/avv-5",
        f"/messages?q={'%3Cscript%3E'}",
        "/?a=%22%3E%3Cscript%3E",
    ):
        one.open(path)
        assert one.page.evaluate("window.hurt") is None, path
        assert one.page.locator("img[src=x]").count() == 0, path
        seen |= "<script>window.hurt=1</script>" in one.page.inner_text("body")

    assert seen


@pytest.mark.usefixtures("scene")
def test_the_overview_asks_again_for_its_figures(
    tab: OpenTab, producer: Producer, take_jobs: TakeJobs
) -> None:
    one = tab("viewer", "en-GB")
    before = one.page.locator("dd").first.inner_text()
    producer.send("more", account="acme", recipient="x@pec.example", subject="s", body="<p>x</p>")
    take_jobs()
    expect(one.page.locator("dd").first).not_to_have_text(before)


def _reason(words: str) -> str:
    return json.dumps({"code": "other", "description": words, "details": {}})
