"""The vendor's own description, operation by operation: each status and envelope is what the gateway answers.

`tests/oracles/pecmassiva.openapi.json` is the vendor's file as it was published (Apache 2.0).
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any

import jsonschema
import pytest
import requests
from redis import Redis

from config.redis_connection import connect
from pec.receipts import Kind
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.fuzz.gateway import SANDBOX
from tests.integration.producers.gateway.calls import pec
from tests.integration.producers.gateway.receiving import add_receipt, job_id, sent
from tests.integration.producers.gateway.serving import MAILBOX, ROOT, SENDER, Served, a_token, serving
from tests.integration.producing import TakeJobs
from tests.integration.sandbox.serving import serving as serving_sandbox

VENDOR: dict[str, Any] = json.loads(
    (ROOT / "tests" / "oracles" / "pecmassiva.openapi.json").read_text(encoding="utf-8")
)
DOCUMENTED = {
    (f"{method.upper()} {path}", status): answer
    for path, methods in VENDOR["paths"].items()
    for method, operation in methods.items()
    for status, answer in operation["responses"].items()
}
DATABASE_ERROR = ("POST /send", "500")  # the gateway has no such database, and answers 503 if Redis is away
LIVE = (
    "sender",
    "recipient",
    "date",
    "subject",
    "body",
)  # an item of GET /send/{code} as the service gives it
NO_TOKEN = {"token": "", "headers": MAILBOX}
WRONG = {"headers": {**MAILBOX, "x-password": "wrong"}}
NO_CREDENTIALS: dict[str, Any] = {}
HEADERS: dict[str, Any] = {"headers": MAILBOX}
REFUSED = (NO_TOKEN, WRONG, NO_CREDENTIALS)
Asked = tuple[str, dict[str, Any]]  # a path, in which {code} and {mail} are filled in, and what goes with it

CASES: dict[tuple[str, str], list[Asked]] = {
    ("POST /send", "201"): [("/send", {"json": pec(recipient=["a@pec.example", "b@pec.example"])})],
    ("POST /send", "400"): [("/send", {"json": pec(recipient="no address")})],
    ("POST /send", "401"): [
        ("/send", {"json": pec(), "token": ""}),
        ("/send", {"json": pec(password="wrong")}),
    ],
    ("GET /send/{code}", "404"): [("/send/2020082610003492", HEADERS)],
    ("DELETE /send/{code}", "404"): [("/send/2020082610003492", HEADERS)],
    ("GET /inbox/{id}", "404"): [("/inbox/99999", HEADERS)],
    ("GET /quota/{mailbox}", "400"): [("/quota/nowhere", HEADERS)],
}
for operation, path in (
    ("GET /send/{code}", "/send/{code}"),
    ("DELETE /send/{code}", "/send/{code}"),
    ("GET /inbox", "/inbox"),
    ("GET /inbox/{id}", "/inbox/{mail}"),
    ("DELETE /inbox/{id}", "/inbox/{mail}"),
    ("GET /quota/{mailbox}", "/quota/inbox"),
):
    CASES[operation, "200"] = [(path, HEADERS)]
    CASES[operation, "401"] = [(path, refused) for refused in REFUSED]


@dataclass(frozen=True)
class World:
    """A gateway, the code of a PEC that has a receipt, and the id of a mail in the inbox."""

    gateway: Served
    code: str
    mail: int

    def ask(self, operation: str, asked: Asked) -> requests.Response:
        path, of = asked
        return self.gateway.call(operation.split()[0], path.format(code=self.code, mail=self.mail), **of)


@pytest.fixture(scope="module")
def running(server: EmbeddedServer) -> Iterator[dict[str, Served]]:
    """A gateway of each shape, before one API."""
    with connect(server.url) as client, serving_sandbox(*SANDBOX) as sandbox, ExitStack() as stack:
        for number in range(3):
            mail = {"mailbox": SENDER, "sender": "a@b.example", "subject": f"n. {number}", "text": "però"}
            assert sandbox.call("POST", "/_sandbox/receipts", json=mail).ok
        served = {}
        for shape in ("live", "documented"):
            client.flushall()  # each makes a token of the same name
            settings = {
                "PEC_API__URL": sandbox.url,
                "PEC_API__READ_RATE": "1000",
                "PEC_GATEWAY__SHAPE": shape,
            }
            served[shape] = stack.enter_context(
                serving(Store(client, "pec"), server.url, environment=settings)
            )
        yield served


@pytest.fixture(params=["live", "documented"])
def shape(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(running: dict[str, Served], redis: Redis, store: Store, take_jobs: TakeJobs, shape: str) -> World:
    gateway = replace(running[shape], token=a_token(store))
    code = sent(gateway)
    take_jobs()
    add_receipt(store, job_id(redis), Kind.ACCETTAZIONE)
    [mail, *_] = gateway.call("GET", "/inbox", headers=MAILBOX).json()["data"]
    return World(gateway, code, mail["id"])


def test_each_status_that_the_vendor_documents_is_compared() -> None:
    assert set(CASES) == set(DOCUMENTED) - {DATABASE_ERROR}


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_an_answer_is_as_the_vendor_s_description_has_it(
    world: World, shape: str, case: tuple[str, str]
) -> None:
    documented = DOCUMENTED[case]["content"]["application/json"]
    for asked in CASES[case]:
        answer = world.ask(case[0], asked)

        assert (str(answer.status_code), answer.headers["Content-Type"]) == (case[1], "application/json")
        if "schema" in documented:
            jsonschema.validate(answer.json(), strict(documented["schema"], shape))
            assert (answer.json()["success"], answer.json()["message"]) == (True, "")
        else:
            assert answer.json() == documented["example"]


def test_instants_are_written_as_the_vendor_writes_them(world: World, shape: str) -> None:
    [item] = world.ask("GET /send/{code}", ("/send/{code}", HEADERS)).json()["data"]
    written = item["date" if shape == "live" else "data"]

    assert parsedate_to_datetime(written).isoformat() == "2026-11-23T10:30:00+01:00"


def test_our_description_has_each_operation_and_status_of_the_vendor_s(world: World) -> None:
    ours = world.gateway.call("GET", "/openapi.json", token="").json()
    stated = {
        (f"{method.upper()} {path}", status)
        for path, methods in ours["paths"].items()
        for method, operation in methods.items()
        for status in operation["responses"]
    }

    assert set(DOCUMENTED) - {DATABASE_ERROR} <= stated
    assert {operation for operation, _ in stated} == {operation for operation, _ in DOCUMENTED}
    assert ours["openapi"].startswith("3.0.")
    assert "422" not in json.dumps(ours)


def strict(schema: dict[str, Any], shape: str) -> dict[str, Any]:
    """Return a schema of the vendor's in which each field must be there, and no other."""
    schemas = {name: _closed(one) for name, one in VENDOR["components"]["schemas"].items()}
    if shape == "live":
        text = {"type": "string"}
        schemas["ResponseStatus"] = _closed({"type": "object", "properties": dict.fromkeys(LIVE, text)})
    return {**_closed(schema), "components": {"schemas": schemas}}


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("type") == "array":
        return {**schema, "minItems": 1}
    if "properties" not in schema:
        return schema
    fields = {name: _closed(one) for name, one in schema["properties"].items()}
    return {**schema, "properties": fields, "required": list(fields), "additionalProperties": False}
