"""Every operation answers with the statuses and bodies that the vendor documents, and nothing else."""

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

import pytest

from tests.integration.sandbox import schemas
from tests.integration.sandbox.schemas import check, failure, listed, success
from tests.integration.sandbox.serving import AT_ONCE, SENDER, Served, pec, serving

SIX_WITH_CREDENTIALS = [
    ("GET", "/send/2020082610003492"),
    ("DELETE", "/send/2020082610003492"),
    ("GET", "/inbox"),
    ("GET", "/inbox/1"),
    ("DELETE", "/inbox/1"),
    ("GET", "/quota/inbox"),
]
ALL_SEVEN = [("POST", "/send"), *SIX_WITH_CREDENTIALS]


@pytest.fixture(scope="module")
def api() -> Iterator[Served]:
    mailboxes = (
        f"{SENDER}:{SENDER}:password",
        "altro@pec.example:altro:pass:with:colons",
        "terzo@pec.example:terzo:però€",
    )
    reader = "only-inbox=GET:inbox"
    with serving(
        *AT_ONCE, "--token", "sandbox-token", "--token", reader, *(f"--mailbox={one}" for one in mailboxes)
    ) as served:
        yield served


def without(field: str) -> dict[str, Any]:
    body = pec("consegna@pec.example")
    del body[field]
    return body


def test_a_send_is_answered_201_with_its_code(api: Served) -> None:
    body = check(api.send("consegna@pec.example"), 201, schemas.SENT)

    assert body["sent"] == 1


def test_a_send_to_several_says_how_many(api: Served) -> None:
    body = check(api.send(["a@pec.example", "b@pec.example"]), 201, schemas.SENT)

    assert body["sent"] == 2


@pytest.mark.parametrize(
    "attachments",
    [
        {"name": "a.txt", "file": "U2FsdmU="},
        [{"name": "a.txt", "file": "data:text/plain;base64,U2FsdmU="}],
        [{"name": "a.txt", "file": "U2FsdmU="}, {"name": "b.txt", "file": ""}],
        [],
        None,
    ],
)
def test_attachments_may_be_one_or_many_bare_or_data_uris(api: Served, attachments: Any) -> None:
    check(api.send("consegna@pec.example", attachments=attachments), 201, schemas.SENT)


@pytest.mark.parametrize("field", ["sender", "recipient", "subject", "body", "username", "password"])
def test_a_missing_field_is_400(api: Served, field: str) -> None:
    check(api.call("POST", "/send", json=without(field)), 400, schemas.POST_INVALID)


@pytest.mark.parametrize(
    "fields",
    [
        {"sender": "no address"},
        {"recipient": []},
        {"recipient": ["a@pec.example", "not an address"]},
        {"recipient": 7},
        {"subject": "two\nlines"},
        {"subject": ""},
        {"body": None},
        {"attachments": [{"name": "a.txt", "file": "not base64!"}]},
        {"attachments": [{"name": "a.txt"}]},
        {"attachments": [{"name": "a.txt", "file": 7}]},
        {"attachments": "a.txt"},
    ],
)
def test_a_wrong_field_is_400(api: Served, fields: dict[str, Any]) -> None:
    before = len(api.sent())

    check(api.call("POST", "/send", json={**pec("a@pec.example"), **fields}), 400, schemas.POST_INVALID)
    assert len(api.sent()) == before


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"subject": "\\ud800"}'])
def test_a_body_that_is_no_json_object_is_400(api: Served, body: bytes) -> None:
    check(api.call("POST", "/send", data=body), 400, schemas.POST_INVALID)


def test_thirty_megabytes_times_recipients_is_the_limit(api: Served) -> None:
    half = {"name": "half.bin", "file": base64.b64encode(bytes(11_000_000)).decode()}

    check(api.send(["a@pec.example", "b@pec.example"], attachments=half), 201, schemas.SENT)
    check(api.send([f"{i}@pec.example" for i in range(3)], attachments=half), 400, schemas.POST_INVALID)


@pytest.mark.parametrize(
    "fields",
    [{"password": "wrong"}, {"username": "wrong"}, {"password": ""}, {"sender": "altro@pec.example"}],
)
def test_a_send_with_credentials_of_another_mailbox_is_401(api: Served, fields: dict[str, Any]) -> None:
    before = len(api.sent())

    check(api.send("a@pec.example", **fields), 401, schemas.UNAUTHORIZED)
    assert len(api.sent()) == before


@pytest.mark.parametrize(("method", "path"), ALL_SEVEN)
@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Basic sandbox-token", "sandbox-token"])
def test_no_valid_token_is_401(api: Served, method: str, path: str, authorization: str) -> None:
    answer = api.call(method, path, headers={"Authorization": authorization}, json=pec("a@pec.example"))

    check(answer, 401, schemas.UNAUTHORIZED)


@pytest.mark.parametrize(("method", "path"), SIX_WITH_CREDENTIALS)
@pytest.mark.parametrize("headers", [{"x-username": ""}, {"x-password": ""}, {"x-password": "wrong"}])
def test_no_valid_mailbox_is_401(api: Served, method: str, path: str, headers: dict[str, str]) -> None:
    check(api.call(method, path, headers=headers), 401, schemas.UNAUTHORIZED)


@pytest.mark.parametrize(("method", "path"), ALL_SEVEN)
def test_a_token_without_the_scope_is_403(api: Served, method: str, path: str) -> None:
    answer = api.call(method, path, headers={"Authorization": "Bearer only-inbox"}, json=pec("a@pec.example"))

    if (method, path.split("/")[1]) == ("GET", "inbox"):
        assert answer.status_code in (200, 404)
    else:
        check(answer, 403, failure("Scope is not allowed to this token"))


def test_a_password_may_hold_colons_and_a_username_differ_from_the_address(api: Served) -> None:
    login = {"x-username": "altro", "x-password": "pass:with:colons"}
    api.send("a@pec.example", sender="altro@pec.example", username="altro", password="pass:with:colons")

    assert api.call("GET", "/inbox", headers=login).json()["total"] == 2


def test_a_recipient_whose_mailbox_is_here_reads_the_message_with_a_password_in_utf_8(api: Served) -> None:
    code = api.code_of_send("terzo@pec.example")
    login = {"x-username": b"terzo", "x-password": "però€".encode()}

    (received,) = api.call("GET", "/inbox", headers=login).json()["data"]
    assert received["object"] == f"POSTA CERTIFICATA: Diffida {code}"
    assert received["sender"] == f'"Per conto di: {SENDER}" '


def test_receipts_of_a_code_are_found_and_deleted(api: Served) -> None:
    code = api.code_of_send("consegna@pec.example")

    check(api.call("GET", f"/send/{code}"), 200, success(data=listed(schemas.LIVE_ITEM)))
    check(api.call("DELETE", f"/send/{code}"), 200, success("Operation succefull"))
    check(api.call("GET", f"/send/{code}"), 404, failure("Result empty"))
    check(api.call("DELETE", f"/send/{code}"), 404, failure("Email not found"))


def test_the_inbox_lists_and_opens_and_deletes_mails(api: Served) -> None:
    code = api.code_of_send("silenzio@pec.example")
    page = check(api.call("GET", "/inbox", params={"q": code}), 200, schemas.INBOX)
    (listing,) = page["data"]

    opened = check(api.call("GET", f"/inbox/{listing['id']}"), 200, schemas.INBOX_MESSAGE)["data"]
    assert opened["object"] == listing["object"] == f"ACCETTAZIONE: Diffida {code}"
    assert " " not in opened["body"]
    assert f'il messaggio "Diffida {code}" proveniente' in unquote_plus(opened["body"])
    check(api.call("DELETE", f"/inbox/{listing['id']}"), 200, success("Message deleted"))
    assert api.call("GET", "/inbox", params={"q": code}).json()["total"] == 0


def test_a_mail_that_is_not_there_is_404(api: Served) -> None:
    check(api.call("GET", "/inbox/999999"), 404, failure("Message not found"))
    check(api.call("GET", "/inbox/0"), 404, failure("Message not found"))


def test_a_mail_that_is_not_there_can_be_deleted(api: Served) -> None:
    check(api.call("DELETE", "/inbox/999999"), 200, success("Message deleted"))


@pytest.mark.parametrize("path", ["/inbox?page=first", "/inbox/first"])
def test_a_parameter_that_is_no_number_is_400_and_never_422(api: Served, path: str) -> None:
    check(api.call("GET", path), 400, schemas.POST_INVALID)


@pytest.mark.parametrize("name", ["inbox", "INBOX"])
def test_the_quota_of_the_inbox_is_in_kib(api: Served, name: str) -> None:
    assert check(api.call("GET", f"/quota/{name}"), 200, schemas.QUOTA)["data"]["limit"] == 1048576


def test_the_quota_of_another_folder_is_400(api: Served) -> None:
    unavailable = failure("An error occured: the requested mailbox might be unavailable")

    check(api.call("GET", "/quota/archivio"), 400, unavailable)


def test_what_is_no_operation_is_refused_in_the_envelope(api: Served) -> None:
    check(api.call("GET", "/nothing"), 404, failure("Not Found"))
    check(api.call("PUT", "/send"), 405, failure("Method Not Allowed"))
    check(api.call("GET", "/inbox/"), 404, failure("Not Found"))
