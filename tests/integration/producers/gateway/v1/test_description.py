"""The description of /v1: complete, of version 3.1, with webhooks; and its page, from files of our own."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pec.api import swagger_page
from pec.content import sha256
from pec.event_schema import event_schema
from pec.events import TYPES
from pec.store.store import Store
from pec.tokens import VENDOR_SCOPES
from tests.integration.producers.gateway.serving import Served, a_token


@pytest.fixture
def description(gateway: Served) -> dict[str, Any]:
    found: dict[str, Any] = gateway.call("GET", "/v1/openapi.json", token="").json()
    return found


def operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def references(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        if isinstance(found.get("$ref"), str):
            yield found["$ref"]
        for value in found.values():
            yield from references(value)
    elif isinstance(found, list):
        for value in found:
            yield from references(value)


def test_every_operation_asks_for_a_token_and_has_models_for_its_answers(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    names = [operation["operationId"] for _, operation in operations(description)]
    assert len(names) == len(set(names)) >= 20
    for name, operation in operations(description):
        assert operation["security"] == [{"bearerAuth": []}], name
        assert {"401", "403", "422", "429", "503"} <= set(operation["responses"]), name
        for status, answer in operation["responses"].items():
            assert answer["description"], (name, status)
            if not name.startswith("HEAD"):
                assert all(one["schema"] for one in answer["content"].values()), (name, status)


def test_no_operation_answers_without_its_scope(
    gateway: Served, store: Store, description: dict[str, Any]
) -> None:
    old = a_token(store, "old-program", scopes=VENDOR_SCOPES, accounts=["*"])
    named = {"id": "acme:x", "sha256": "0" * 64, "name": "acme:x", "endpoint": "x"}
    for name, _ in operations(description):
        method, path = name.split()
        for token, status in (("", 401), (old, 403)):
            answer = gateway.call(method, path.format(**named), token=token)
            assert answer.status_code == status, (name, status)


def test_references_lead_somewhere_and_schemas_are_schemas(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    assert {one.removeprefix("#/components/schemas/") for one in references(description)} <= set(schemas)
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_each_event_is_a_webhook(description: dict[str, Any]) -> None:
    assert set(description["webhooks"]) == set(TYPES)
    schemas = description["components"]["schemas"]
    assert {f"EventPart{name}" for name in event_schema()["$defs"]} <= set(schemas)


def test_the_page_loads_nothing_from_other_hosts(gateway: Served) -> None:
    page = gateway.call("GET", "/v1/docs", token="")

    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    loaded = re.findall(r"""(?:src|href)="([^"]+)\"""", page.text)
    assert len(loaded) == 4
    for path in loaded:
        assert path.startswith(f"{swagger_page.ASSETS}/")
        assert gateway.call("GET", f"/v1/{path}", token="").status_code == 200


def test_swagger_ui_is_as_its_makers_published_it() -> None:
    for name, digest in swagger_page.SHA256.items():
        assert sha256((swagger_page.FOLDER / name).read_bytes()) == digest, name
    ours = {"page.html", "start.js"}
    assert {one.name for one in swagger_page.FOLDER.iterdir()} == {*swagger_page.SHA256, *ours}
