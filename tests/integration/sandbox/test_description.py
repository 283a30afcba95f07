"""The description has everything that the vendor's has, and its page loads nothing from other hosts."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.sandbox.serving import Served, serving

DOCUMENTED_BY_THE_VENDOR = {
    ("/send", "post"): {"201", "400", "401", "500"},
    ("/send/{code}", "get"): {"200", "401", "404"},
    ("/send/{code}", "delete"): {"200", "401", "404"},
    ("/inbox", "get"): {"200", "401"},
    ("/inbox/{id}", "get"): {"200", "401", "404"},
    ("/inbox/{id}", "delete"): {"200", "401"},
    ("/quota/{mailbox}", "get"): {"200", "400", "401"},
}
SANDBOX_ONLY = {"403", "429"}


@pytest.fixture(scope="module")
def api() -> Iterator[Served]:
    with serving() as served:
        yield served


@pytest.fixture(scope="module")
def description(api: Served) -> dict[str, Any]:
    found: dict[str, Any] = api.call("GET", "/openapi.json").json()
    return found


def test_it_has_the_seven_operations_with_their_statuses_and_no_other(description: dict[str, Any]) -> None:
    operations = {
        (path, method): set(operation["responses"]) - SANDBOX_ONLY
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }

    assert operations == DOCUMENTED_BY_THE_VENDOR


def test_every_answer_has_a_schema_and_every_refusal_its_words(description: dict[str, Any]) -> None:
    for methods in description["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                content = answer["content"]["application/json"]
                assert content["schema"]
                if status >= "300":
                    assert content["example"] == {"success": False, "message": answer["description"]}


def test_credentials_are_required_in_the_headers_of_all_but_the_send(description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        for operation in methods.values():
            assert operation["security"] == [{"bearerAuth": []}]
            headers = {one["name"] for one in operation.get("parameters", []) if one["in"] == "header"}
            assert headers == (set() if path == "/send" else {"x-username", "x-password"})


def test_the_body_of_a_send_is_described(description: dict[str, Any]) -> None:
    body = description["paths"]["/send"]["post"]["requestBody"]["content"]["application/json"]

    assert set(body["schema"]["properties"]) == set(body["example"])


def test_it_is_of_the_version_that_the_vendor_uses(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.0.")
    assert '"null"' not in str(description).replace("'", '"')
    assert "422" not in str(description)


def test_the_page_and_all_it_loads_come_from_this_machine(api: Served) -> None:
    answer = api.call("GET", "/docs")

    loaded = re.findall(r"""(?:src|href)="([^"]+)\"""", answer.text)
    assert len(loaded) == 4
    for path in loaded:
        assert path.startswith("docs/assets/")
        assert api.call("GET", f"/{path}").status_code == 200
    assert not re.search(r"https?://", answer.text)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    start = api.call("GET", "/docs/assets/start.js").text
    assert "validatorUrl: null" in start  # else the page asks validator.swagger.io


def test_the_sandboxs_own_endpoints_are_no_part_of_it(description: dict[str, Any]) -> None:
    assert "_sandbox" not in str(description["paths"])
