"""Who sees which page and does what: by role, by mailbox, and for files as for pages."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive.certified import receipt_of
from archive.vault import EML
from archive.vault.installation import open_vault
from archive.vault.vault import path_of
from config.settings import Archive
from pec.minute_figures import Timed, duration_name, error_name
from pec.names import State
from pec.operations.people import users
from pec.store import accounts, audit, heartbeat, records
from pec.store.records import receipt_to_json
from pec.store.store import Store
from pec.users import Role
from producers import Producer
from tests.integration.console.browser import Browser, Serve
from tests.integration.console.scene import Words, build
from tests.integration.producing import Settle, TakeJobs, to
from tests.signing import ACCEPTED, receipt, verified

LogIn = Callable[[str], Browser]
MAIL = b"From: posta-certificata@pec.example\r\n\r\n<script>alert(1)</script>"

WHOLE = ("/webhooks", "/figures", "/rejected", "/workers", "/redis", "/audit")
ACTS = (
    "/messages/avv-2/resend",
    "/messages/avv-2/discard",
    "/mailboxes/acme/pause",
    "/mailboxes/acme/resume",
    "/webhooks/crm/replay",
    "/webhooks/crm/enable",
)
OF_ADMINS = (
    "/users",
    "/users/viewer/role",
    "/users/viewer/password",
    "/users/viewer/remove",
    "/users/viewer/logins/end",
)


@pytest.fixture(autouse=True)
def _scene(store: Store, producer: Producer, take_jobs: TakeJobs, change: Settle) -> None:
    build(store, producer, take_jobs, change, Words(), MAIL)


@pytest.mark.parametrize("name", ["viewer", "clerk"])
@pytest.mark.parametrize("path", [*ACTS, *OF_ADMINS])
def test_an_act_needs_its_role(log_in: LogIn, store: Store, name: str, path: str) -> None:
    assert log_in(name).post(path).status_code == 403
    assert accounts.state_of(store, "acme").reason is None
    held = records.read(store, "avv-2")
    assert held is not None
    assert not held.resend


@pytest.mark.parametrize("path", OF_ADMINS)
def test_an_operator_is_no_administrator(log_in: LogIn, path: str) -> None:
    assert log_in("operator").post(path).status_code == 403


def test_only_administrators_see_users(log_in: LogIn) -> None:
    assert log_in("operator").get("/users").status_code == 403
    assert log_in("admin").get("/users").status_code == 200


@pytest.mark.parametrize("path", WHOLE)
def test_pages_about_everything_are_for_those_who_see_everything(log_in: LogIn, path: str) -> None:
    assert log_in("part").get(path).status_code == 403
    assert log_in("operator").get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/messages/avv-1",
        "/messages/avv-1/receipts/0.eml",
        "/messages/avv-1/receipts/0.txt",
        "/messages/avv-1/attachments/0",
        "/messages/avv-1/proof.zip",
        "/messages/avv-2/resend",
        "/messages?account=acme",
        "/mailboxes/acme/pause",
        "/incoming?account=acme",
    ],
)
def test_another_mailbox_s_pages_and_files_do_not_exist(log_in: LogIn, path: str) -> None:
    assert log_in("part").get(path).status_code == 404


def test_another_mailbox_s_acts_are_refused(log_in: LogIn, store: Store) -> None:
    browser = log_in("part")
    for path in ACTS[:4]:
        assert browser.post(path).status_code == 404, path
    assert accounts.state_of(store, "acme").reason is None


@pytest.mark.parametrize(
    "path",
    ["/messages", "/messages?q=rossi", "/messages?batch=novembre-2026", "/decisions", "/incoming", "/"],
)
def test_lists_leave_other_mailboxes_out(log_in: LogIn, path: str) -> None:
    assert "Avviso di accertamento" not in log_in("part").get(path).text
    assert "acme" not in log_in("part").get(path).text


def test_another_mailbox_s_batch_reads_as_one_that_does_not_exist(log_in: LogIn) -> None:
    browser = log_in("part")
    for name in ("q", "batch"):
        theirs, none = (
            browser.get(f"/messages?{name}={batch}") for batch in ("novembre-2026", "novembre-2027")
        )
        assert theirs.status_code == none.status_code == 200
        assert theirs.text.replace("2026", "2027") == none.text


def test_a_search_shows_nothing_about_the_messages_of_other_mailboxes(log_in: LogIn) -> None:
    assert "6 messaggi" in log_in("viewer").get("/messages?q=words").text
    assert "6 messaggi" not in log_in("part").get("/messages?q=words").text


def test_a_record_of_a_newer_version_in_another_mailbox_does_not_exist(log_in: LogIn, store: Store) -> None:
    store.client.hset(store.keys.message("avv-4"), "state", "of-tomorrow")

    assert log_in("viewer").get("/messages/avv-4").status_code == 409
    assert log_in("part").get("/messages/avv-4").status_code == 404


def test_an_administrator_of_some_mailboxes_gives_out_none(log_in: LogIn, store: Store) -> None:
    browser = log_in("part-admin")
    for path in OF_ADMINS:
        assert browser.post(path, role="admin").status_code == 403, path
    assert browser.get("/users").status_code == 403
    assert users.require_user(store, "part-admin").accounts == ("beta",)


def test_no_administrator_is_made_for_some_mailboxes(log_in: LogIn, store: Store) -> None:
    browser = log_in("admin")
    browser.post("/users/part/role", page="/users", role="admin", accounts="beta")

    assert "ogni casella" in browser.notice("/users")
    assert users.require_user(store, "part").role is Role.OPERATOR


def test_a_search_for_another_mailbox_s_code_finds_nothing(log_in: LogIn) -> None:
    for words in ("avv-1", "2026112912300001"):
        assert log_in("part").get(f"/messages?q={words}").status_code == 200


def test_an_original_is_downloaded_and_never_shown(
    store: Store, people: None, serve: Serve, tmp_path: Path
) -> None:
    url = serve(archive={"url": str(tmp_path)})
    digest = hashlib.sha256(MAIL).hexdigest()

    vault = open_vault(Archive(url=str(tmp_path)), store)
    assert vault is not None
    assert vault.put(MAIL, EML) == digest
    browser = Browser(url)
    browser.log_in("viewer")

    answer = browser.get("/messages/avv-1/receipts/0.eml")

    assert answer.content == MAIL
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_the_text_of_an_original_is_read_from_the_archive_or_it_is_said_why_not(
    store: Store, people: None, serve: Serve, tmp_path: Path
) -> None:
    vault = open_vault(Archive(url=str(tmp_path)), store)
    raw = receipt(replace(ACCEPTED, subject="Avviso 2026112310300077"))
    found = receipt_of(verified(raw))
    assert vault is not None
    assert found is not None
    place = tmp_path / path_of(vault.put(raw, EML), EML)
    store.client.delete(store.keys.receipts("avv-1"))
    store.client.hset(store.keys.receipts("avv-1"), found.key, receipt_to_json(found))
    browser = Browser(serve(archive={"url": str(tmp_path)}))
    browser.log_in("viewer")

    text = browser.get("/messages/avv-1/receipts/0.txt")
    linked = browser.get("/messages/avv-1").text
    place.unlink()
    gone = browser.get("/messages/avv-1/receipts/0.txt")

    assert text.content.decode() == ACCEPTED.text
    assert "receipts/0.txt" in linked
    assert (gone.status_code, "archivio" in gone.text) == (409, True)


def test_the_proof_of_a_message_is_one_file(store: Store, people: None, serve: Serve, tmp_path: Path) -> None:
    vault = open_vault(Archive(url=str(tmp_path)), store)
    assert vault is not None
    vault.put(MAIL, EML)
    browser = Browser(serve(archive={"url": str(tmp_path)}))
    browser.log_in("viewer")

    answer = browser.get("/messages/avv-1/proof.zip")

    assert answer.headers["content-disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        names = [Path(name).name for name in bundle.namelist()]
        assert {"SHA256SUMS", "index.csv", "verification.json", "proof.html", "message.json"} <= set(names)
        pages = [bundle.read(name) for name in bundle.namelist() if name.endswith("proof.html")]
    assert b'lang="it"' in pages[0]
    assert browser.get("/messages/avv-2/proof.zip").status_code == 404


def test_a_message_that_ended_unsent_lacks_no_proof(log_in: LogIn, change: Settle) -> None:
    assert "<dt>Prova</dt>" in log_in("viewer").get("/messages/avv-1").text
    change("avv-4", to(State.CANCELLED))

    assert "<dt>Prova</dt>" not in log_in("viewer").get("/messages/avv-4").text


def test_a_held_message_shows_each_search_of_its_mailbox(log_in: LogIn) -> None:
    for path in ("/decisions", "/messages/avv-2", "/messages/avv-2/resend"):
        assert log_in("operator").get(path).text.count("La ricerca non ha trovato alcuna mail") == 4, path


def test_an_archive_without_the_original_is_said_in_words(log_in: LogIn) -> None:
    answer = log_in("viewer").get("/messages/avv-1/receipts/0.eml")

    assert answer.status_code == 409
    assert "archivio" in answer.text


def test_an_attachment_is_downloaded(log_in: LogIn) -> None:
    answer = log_in("viewer").get("/messages/avv-1/attachments/0")

    assert answer.content == b"%PDF-1.4 avviso"
    assert "avviso-1042.pdf" in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    "path", ["/messages/none", "/messages/avv-1/receipts/9.eml", "/nowhere", "/messages/avv-1/burn"]
)
def test_what_does_not_exist_is_said_in_words(log_in: LogIn, path: str) -> None:
    answer = log_in("admin").get(path)

    assert answer.status_code in (404, 409)
    assert "<h1>" in answer.text
    assert "Traceback" not in answer.text


def test_a_message_that_is_not_held_can_t_be_decided(log_in: LogIn) -> None:
    browser = log_in("operator")

    assert browser.post("/messages/avv-1/resend").status_code == 303
    assert 'class="notice notice-bad"' in browser.get("/messages/avv-1").text


def test_a_server_that_can_lose_jobs_is_said_in_red(log_in: LogIn, store: Store) -> None:
    browser = log_in("viewer")
    assert "conserva ciò che ha confermato" in browser.get("/redis").text
    store.client.config_set("appendfsync", "everysec")
    try:
        shown = browser.get("/redis").text
    finally:
        store.client.config_set("appendfsync", "always")

    assert 'class="notice notice-bad" role="alert"' in shown
    assert "appendfsync" in shown


def test_an_administrator_adds_and_changes_a_user(log_in: LogIn, console: str, store: Store) -> None:
    browser = log_in("admin")
    browser.post(
        "/users", page="/users", name="anna", role="clerk", password="a long enough word", accounts="beta"
    )
    anna = Browser(console)
    assert anna.log_in("anna", "a long enough word").status_code == 303
    assert anna.get("/audit").status_code == 403

    browser.post("/users/anna/role", page="/users", role="operator")
    assert anna.get("/audit").status_code == 200
    browser.post("/users/anna/logins/end", page="/users")
    assert anna.get("/me").status_code == 303
    browser.post("/users/anna/remove", page="/users")
    assert anna.log_in("anna", "a long enough word").status_code == 403
    acts = [one["action"] for one in audit.entries(store)]
    assert [one for one in acts if one.startswith("user.")] == [
        "user.add", "user.role", "user.logins_end", "user.remove"
    ]  # fmt: skip


def test_an_administrator_can_t_lock_everyone_out(log_in: LogIn) -> None:
    browser = log_in("admin")

    browser.post("/users/admin/remove", page="/users")
    browser.post("/users/admin/role", page="/users", role="viewer")

    assert browser.get("/users").status_code == 200


def test_charts_come_from_what_workers_counted(log_in: LogIn, store: Store) -> None:
    browser = log_in("viewer")
    assert "In questo periodo non è stato inviato né ricevuto nulla" in browser.get("/figures").text
    minute = int(store.now()) // 60 * 60
    counts = {duration_name(Timed.SEND, 0.12): 9, error_name(Timed.SEND, "denied"): 2}
    heartbeat.beat(store, {"worker": ["w1"]}, 30, figures={minute: counts})

    for period in ("hour", "day", "week"):
        shown = browser.get(f"/figures?period={period}").text
        assert "125 ms" in shown, period
        assert "account rifiutato" in shown, period
        assert "&#34;kind&#34;: &#34;lines&#34;" in shown, period
