"""Pages, positions and quota: what the mailbox behind the API does."""

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.integration.sandbox.serving import AT_ONCE, SENDER, Served, serving


def drop(api: Served, count: int, mailbox: str, subject: str = "Mail") -> None:
    for number in range(1, count + 1):
        mail = {"mailbox": mailbox, "sender": "a@pec.example", "subject": f"{subject} {number}", "text": "t"}
        api.call("POST", "/_sandbox/receipts", json=mail)


def page(api: Served, mailbox: str, **params: str | int) -> dict[str, Any]:
    found: dict[str, Any] = api.call("GET", "/inbox", headers={"x-username": mailbox}, params=params).json()
    return found


def subjects(found: dict[str, Any]) -> list[str]:
    return [item["object"] for item in found["data"]]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Served]]:
    """One that counts pages from 1, newest first, and one from 0, oldest first; 28 mails in each."""
    with ExitStack() as stack:
        started = {
            "newest": stack.enter_context(serving(*AT_ONCE)),
            "oldest": stack.enter_context(serving(*AT_ONCE, "--first-page", "0", "--inbox-order", "oldest")),
        }
        for api in started.values():
            drop(api, 28, SENDER)
        yield started


@pytest.mark.parametrize(
    ("server", "first", "subject_of_first", "subject_of_last"),
    [("newest", 1, "Mail 28", "Mail 1"), ("oldest", 0, "Mail 1", "Mail 28")],
)
def test_a_page_has_25_mails_from_a_first_page_and_in_an_order_that_can_be_chosen(
    servers: dict[str, Served], server: str, first: int, subject_of_first: str, subject_of_last: str
) -> None:
    api = servers[server]

    default, second, third = (
        page(api, SENDER),
        page(api, SENDER, page=first + 1),
        page(api, SENDER, page=first + 2),
    )

    assert (default["page"], default["total"], default["n_of_pages"]) == (first, 28, 1)
    assert page(api, SENDER, page=first) == default
    assert (len(default["data"]), len(second["data"]), third["data"]) == (25, 3, [])
    assert (subjects(default)[0], subjects(second)[-1]) == (subject_of_first, subject_of_last)


@pytest.mark.parametrize("server", ["newest", "oldest"])
def test_ids_are_positions_from_the_oldest_whatever_the_order(
    servers: dict[str, Served], server: str
) -> None:
    api = servers[server]

    for item in page(api, SENDER)["data"]:
        assert item["object"] == f"Mail {item['id']}"


def test_the_page_before_the_first_is_the_first(servers: dict[str, Served]) -> None:
    assert subjects(page(servers["newest"], SENDER, page=0)) == subjects(page(servers["newest"], SENDER))


def test_a_search_knows_no_case_and_keeps_the_ids_of_the_whole_mailbox(servers: dict[str, Served]) -> None:
    found = page(servers["oldest"], SENDER, q="mAIL 2")

    assert [item["id"] for item in found["data"]] == [2, *range(20, 29)]
    assert (found["total"], found["n_of_pages"]) == (10, 0)


def test_ids_shift_after_a_delete(servers: dict[str, Served]) -> None:
    api, mailbox = servers["oldest"], "shifting@pec.example"
    drop(api, 3, mailbox)

    api.call("DELETE", "/inbox/1", headers={"x-username": mailbox})

    found = page(api, mailbox)
    assert [(item["id"], item["object"]) for item in found["data"]] == [(1, "Mail 2"), (2, "Mail 3")]


def test_a_mailbox_knows_no_case_and_sees_only_its_own(servers: dict[str, Served]) -> None:
    api = servers["newest"]
    drop(api, 1, "Own@pec.example", "Only mine")

    assert subjects(page(api, "own@PEC.example")) == ["Only mine 1"]
    assert page(api, SENDER, q="Only mine")["total"] == 0


@pytest.fixture(scope="module")
def small() -> Iterator[Served]:
    with serving(*AT_ONCE, "--quota-mb", "1") as served:
        yield served


def usage(api: Served, mailbox: str) -> int:
    quota = api.call("GET", "/quota/inbox", headers={"x-username": mailbox}).json()["data"]
    assert quota["limit"] == 1024
    kib: int = quota["usage"]
    return kib


def attach(kib: int) -> dict[str, str]:
    """Return an attachment of so many KiB on the wire, in base64."""
    return {"name": "a.bin", "file": base64.b64encode(bytes(kib * 768)).decode()}


def test_consegna_weighs_as_much_as_the_message_and_nothing_once_deleted(small: Served) -> None:
    mailbox = "heavy@pec.example"
    assert usage(small, mailbox) == 0

    code = small.code_of_send("consegna@pec.example", sender=mailbox, attachments=attach(400))
    assert 420 <= usage(small, mailbox) <= 430  # base64 has line ends, and receipts have signatures

    small.call("DELETE", f"/send/{code}", headers={"x-username": mailbox})
    assert usage(small, mailbox) == 0


def test_accettazione_weighs_little(small: Served) -> None:
    small.send("silenzio@pec.example", sender="light@pec.example", attachments=attach(400))

    assert usage(small, "light@pec.example") < 10


def test_a_full_mailbox_gets_no_receipt_until_there_is_room(small: Served) -> None:
    mailbox = "full@pec.example"
    first, second = (
        small.code_of_send("consegna@pec.example", sender=mailbox, attachments=attach(600)) for _ in range(2)
    )

    assert page(small, mailbox, q=second)["total"] == 1  # ACCETTAZIONE is small enough
    lost = [one for one in small.call("GET", "/_sandbox/refused").json() if one["mailbox"] == mailbox]
    assert [one["subject"].startswith("CONSEGNA: ") for one in lost] == [True]
    small.call("DELETE", f"/send/{first}", headers={"x-username": mailbox})
    third = small.code_of_send("consegna@pec.example", sender=mailbox, attachments=attach(600))
    assert page(small, mailbox, q=third)["total"] == 2
