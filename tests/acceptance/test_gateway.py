"""The gateway beside workers and a sandbox, as an operator runs them: an old program, and processes that are killed."""

from functools import partial
from pathlib import Path
from typing import Any

import requests
from redis import Redis

from pec.operations.people.tokens import create_token
from pec.store.store import Store
from pec.tokens import VENDOR_SCOPES
from tests.acceptance.site import MAILBOX, PASSWORD, eventually, site

CREDENTIALS = {"x-username": "acme", "x-password": PASSWORD}


class OldProgram:
    """It knows the vendor's description and nothing else. It repeats what was not answered, with the same key."""

    def __init__(self, token: str) -> None:
        self.url = ""
        self._token = token

    def call(self, method: str, path: str, **of: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._token}", **CREDENTIALS, **of.pop("headers", {})}
        return requests.request(method, self.url + path, headers=headers, timeout=30, **of)

    def send(self, number: int) -> str:
        """Return the code, or "" if there was no answer."""
        body = {
            "sender": MAILBOX,
            "recipient": f"consegna+{number}@pec.example",
            "subject": f"Diffida n. {number}",
            "body": "<p>Salve</p>",
            "username": "acme",
            "password": PASSWORD,
        }
        try:
            answer = self.call("POST", "/send", json=body, headers={"Idempotency-Key": f"n-{number}"})
        except requests.ConnectionError:
            return ""
        return str(answer.json()["message_id"]) if answer.status_code == 201 else ""

    def receipts(self, code: str) -> list[str]:
        answer = self.call("GET", f"/send/{code}")
        return [one["subject"] for one in answer.json().get("data", [])]


def test_each_request_of_an_old_program_is_one_pec_whatever_is_killed(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    token = create_token(
        Store(redis, "pec"), "old", VENDOR_SCOPES, ["acme"], rate=1000, expires_at=None, actor="test"
    )
    program, numbers = OldProgram(token.text), range(30)
    with site(redis, redis_url, tmp_path, rate=50) as found:
        with found.gateway(2) as (program.url, first), found.workers(1) as workers:
            before = [program.send(number) for number in numbers[:15]]
            first.kill()
            found.kill(workers)
            eventually(lambda: not any(program.send(number) for number in numbers[15:18]))
        with found.gateway(2) as (program.url, _), found.workers(1):
            codes = [program.send(number) for number in numbers]
            shown = [eventually(partial(two_of, program, code), 60) for code in codes]

        assert all(before)
        assert codes[:15] == before
        assert len(set(codes)) == len(numbers)
        assert shown == [
            [f"{heading}: Diffida n. {number} {code}" for heading in ("ACCETTAZIONE", "CONSEGNA")]
            for number, code in zip(numbers, codes, strict=True)
        ]
        recipients = sorted(address for one in found.sent() for address in one["recipients"])
        assert recipients == sorted(f"consegna+{number}@pec.example" for number in numbers)


def two_of(program: OldProgram, code: str) -> list[str]:
    found = program.receipts(code)
    return found if len(found) >= 2 else []
