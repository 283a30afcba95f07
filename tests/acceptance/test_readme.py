"""The README's examples, run word for word against a real server (and its redis-cli line without redis-cli)."""

import json
import re
import shlex
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis
from standardwebhooks import Webhook

from pec.jobs import SendJob, parse
from pec.webhooks.delivery import signed_headers

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECRET = "whsec_ZGVtbyBzZWNyZXQgb2YgcGVjIG1hc3NpdmEuLi4="


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def only_entry(redis: Redis) -> dict[bytes, bytes]:
    entries: Any = redis.xrange("pec:jobs")
    [(_, fields)] = entries
    return dict(fields)


def test_the_redis_cli_example_adds_a_job_that_workers_take(redis: Redis) -> None:
    line = next(one for one in examples("sh") if "redis-cli" in one)
    _, *command = shlex.split(line)
    redis.execute_command(*command)  # type: ignore[no-untyped-call]
    fields = only_entry(redis)
    assert isinstance(parse(fields[b"job"]), SendJob)


def test_the_python_example_adds_a_job_that_workers_take(redis: Redis, redis_url: str) -> None:
    example = next(one for one in examples("python") if "Producer" in one)
    sending = example.split("    for message")[0].replace("redis://localhost:6379/0", redis_url)
    exec(compile(sending, "README.md", "exec"), {})
    fields = only_entry(redis)
    job = parse(fields[b"job"])
    assert isinstance(job, SendJob)
    assert job.attachments[0].name == "fattura-2.pdf"


def test_the_webhook_example_verifies_what_is_sent() -> None:
    body = json.dumps({"type": "message.sent", "timestamp": "2026-11-23T09:30:00Z", "data": {}}).encode()
    headers = signed_headers(SecretStr(SECRET), "evt_1", body, int(time.time()))
    example = next(one for one in examples("python") if "standardwebhooks" in one).replace("whsec_…", SECRET)
    names: dict[str, object] = {"body": body, "headers": headers, "Webhook": Webhook}
    exec(compile(example, "README.md", "exec"), names)
    assert names["event"] == json.loads(body)


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_two_commands_are_make_targets(command: str) -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
    assert command in README
    assert re.search(rf"^{command.removeprefix('make ')}:", makefile, re.MULTILINE)
