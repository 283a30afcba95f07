"""Secrets are planted in every setting that takes one, everything goes wrong, and they are looked for everywhere."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from pydantic import SecretStr
from redis import Redis

from cli.commands.config import masked
from config.redis_connection import connect
from config.settings import load_settings
from pec.api.client import PecClient
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.acceptance.command import Command
from tests.acceptance.site import Site, eventually, site
from tests.receiver import Receiver
from workers.context import WorkerContext

ADDRESS, WRONG = "planted@pec.example", "wrong@pec.example"
TOKEN, PASSWORD = "PlantedToken+/=1", 'Planted"Pass/word+è1'
OWN_TOKEN, WRONG_PASSWORD = "PlantedToken+/=2", "PlantedPass word2"
REDIS_PASSWORD, BROKER_PASSWORD = "PlantedRedis@/3", "PlantedBroker@/4"
IN_ADDRESS = "PlantedBasic:/5"
SIGNING = "whsec_" + base64.b64encode(b"Planted key of webhooks, number 6").decode()
IN_JOB = "PlantedInAJob7"
SECRETS = (
    *(TOKEN, PASSWORD, OWN_TOKEN, WRONG_PASSWORD, REDIS_PASSWORD, BROKER_PASSWORD, IN_ADDRESS, SIGNING),
    SIGNING.removeprefix("whsec_"),
    base64.b64decode(SIGNING.removeprefix("whsec_")).decode(),
)
GOOD = {"subject": "Oggetto", "account": "planted"}


def spellings(secret: str) -> set[bytes]:
    """Yield the secret in plain text, as JSON, in a URL, in hexadecimal, and in base64 within a longer text."""
    raw = secret.encode()
    shifted = [base64.b64encode(b"\0" * shift + raw)[(0, 2, 3)[shift] :] for shift in range(3)]
    whole = [one.rstrip(b"=")[:-1] for one in shifted]  # the last character depends on what follows
    escaped = json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]
    written = [*escaped, quote(secret), quote(secret, safe=""), repr(secret)[1:-1], repr(raw)[2:-1]]
    return {raw, raw.hex().encode(), *whole, *(one.encode() for one in written)}


def found_in(text: bytes) -> list[str]:
    return [secret for secret in SECRETS if any(one in text for one in spellings(secret))]


def test_what_is_looked_for_is_found_in_any_spelling() -> None:
    basic = base64.b64encode(f"a-user:{PASSWORD}".encode())

    assert found_in(basic) == [PASSWORD]
    assert found_in(json.dumps({"token": TOKEN}).encode()) == [TOKEN]
    assert found_in(f"redis://pec:{quote(REDIS_PASSWORD, safe='')}@h".encode()) == [REDIS_PASSWORD]
    assert found_in(b"nothing of the kind") == []


@contextmanager
def locked_server(folder: Path) -> Iterator[tuple[EmbeddedServer, Redis]]:
    """Allow one user for the store and one for the broker, and no other."""
    with EmbeddedServer(folder / "redis", port=0) as server, connect(server.url) as client:
        for user, password in (("pec", REDIS_PASSWORD), ("broker", BROKER_PASSWORD)):
            client.acl_setuser(user, enabled=True, passwords=[f"+{password}"], keys=["*"], commands=["+@all"])
        yield server, client


def planted(server: EmbeddedServer, folder: Path, receiver: Receiver) -> dict[str, str]:
    """Some in the environment, some in files, some in pec.toml."""
    files = {"token": TOKEN, "password": PASSWORD}
    for name, secret in files.items():
        (folder / name).write_text(secret, encoding="utf-8")
        (folder / name).chmod(0o600)
    toml = folder / "pec.toml"
    toml.write_text(
        f'[accounts.wrong]\nsender = "{WRONG}"\nusername = "wrong"\n'
        f'password = "{WRONG_PASSWORD}"\ntoken = "{OWN_TOKEN}"\n',
        encoding="utf-8",
    )
    toml.chmod(0o600)
    at = server.url.removeprefix("redis://").split("/")[0]
    hooks = [
        {"name": "good", "url": receiver.url, "secret": receiver.secret},
        {"name": "dead", "url": f"http://me:{quote(IN_ADDRESS, safe='')}@127.0.0.1:9/", "secret": SIGNING},
        {"name": "other", "url": receiver.url, "secret": SIGNING},  # its signature is refused
    ]
    return {
        "PEC_REDIS_URL": f"redis://pec:{quote(REDIS_PASSWORD, safe='')}@{at}/0",
        "PEC_BROKER_URL": f"redis://{at}/1?username=broker&password={quote(BROKER_PASSWORD, safe='')}",
        "PEC_API__TOKEN": "",
        "PEC_API__TOKEN_FILE": str(folder / "token"),
        "PEC_ACCOUNTS__PLANTED__SENDER": ADDRESS,
        "PEC_ACCOUNTS__PLANTED__USERNAME": "planted",
        "PEC_ACCOUNTS__PLANTED__PASSWORD_FILE": str(folder / "password"),
        "PEC_WEBHOOKS__ENDPOINTS": json.dumps(hooks),
        "PEC_WEBHOOKS__ALLOW_PRIVATE": "true",
        "PEC_METRICS_ADDRESS": f"127.0.0.1:{_free_port()}",
        "PEC_LOG_JSON": "true",
        "PEC_LOG_LEVEL": "debug",
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_no_planted_secret_is_found_anywhere(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where pec.toml is
    mailbox = ["--token", TOKEN, "--token", OWN_TOKEN, "--mailbox", f"{ADDRESS}:planted:{PASSWORD}"]
    with (
        locked_server(tmp_path) as (server, client),
        Receiver() as receiver,
        site(client, server.url, tmp_path, options=mailbox) as at,
    ):
        settings = planted(server, tmp_path, receiver)
        with at.drained_workers(2, **settings) as process:
            _everything_goes_wrong(at, client, settings)
            said = {
                "metrics": requests.get(
                    f"http://{settings['PEC_METRICS_ADDRESS']}/metrics", timeout=10
                ).content,
                "command lines": _command_lines(process.pid),
                **{
                    " ".join(words): (ran := command({**at.settings, **settings}, *words)).out.encode()
                    + ran.err.encode()
                    for words in _COMMANDS
                },
            }
        said |= {"log": at.log.read_bytes(), "Redis": _all_that_was_written(tmp_path / "redis")}

    assert b"Traceback" in said["log"] or b"exc_type" in said["log"], "what is looked at has tracebacks in it"
    assert b"account_paused" in said["log"]
    assert b"workers" in said["command lines"], "there were processes to look at"
    assert b"planted" in said["config"]
    assert {what: found for what, text in said.items() if (found := found_in(text))} == {}
    assert IN_JOB.encode() not in said["log"]


_COMMANDS = (
    ("config",),
    ("config", "--json"),
    ("status",),
    ("status", "--json"),
    ("doctor",),
    ("doctor", "--json"),
    ("health",),
    ("list", "--json"),
    ("dead", "--json"),
    ("status", "broken"),
    ("receipts", "broken"),
    ("export", "--all", "--json"),
)


def _everything_goes_wrong(at: Site, client: Redis, settings: Mapping[str, str]) -> None:
    at.add(id="broken", recipient="silenzio@pec.example", **GOOD)
    at.add(id="consegna", recipient="consegna@pec.example", **GOOD)
    # before those that open the API's circuit, which can stay open for minutes
    eventually(lambda: {at.state("broken"), at.state("consegna")} <= {"sent", "accepted", "delivered"})
    for name in ("errore-500", "errore-500-inviata", "risposta-persa", "connessione-chiusa"):
        at.add(id=name, recipient=f"{name}@pec.example", **GOOD)
    at.add(id="wrong", recipient="consegna@pec.example", **{**GOOD, "account": "wrong"})
    rejected = at.rejection(at.add(id="careless", recipient="a@pec.example", password=IN_JOB, **GOOD))
    assert IN_JOB not in str(rejected)
    client.hset("pec:receipts:broken", "key", "{ this is no receipt")
    client.zadd("pec:due:check", {"broken": time.time()})
    eventually(lambda: client.hget("pec:account:wrong", "paused"))
    eventually(lambda: at.state("consegna") == "delivered")
    eventually(lambda: at.state("risposta-persa") in ("uncertain", "held", "sent", "accepted", "delivered"))
    eventually(lambda: client.hlen("pec:tries:dead") and client.hlen("pec:tries:other"))
    eventually(lambda: b"JSONDecodeError" in at.log.read_bytes())


def _command_lines(group: int) -> bytes:
    """Return the processes of the workers: master, worker processes, and their children."""
    found = b""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) == group:
                found += (process / "cmdline").read_bytes()
        except (ProcessLookupError, FileNotFoundError):
            continue
    return found


def _all_that_was_written(folder: Path) -> bytes:
    """The append-only file: every command that changed either database, those of keys that are gone too."""
    return b"".join(path.read_bytes() for path in (folder / "appendonlydir").glob("*.aof"))


def test_no_secret_in_the_repr_of_anything_that_holds_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with EmbeddedServer(tmp_path / "redis", port=0) as server, Receiver() as receiver:
        for name, value in planted(server, tmp_path, receiver).items():
            monkeypatch.setenv(name, value)
        settings = load_settings()
        with connect(settings.redis_url) as client, connect(settings.broker) as broker:
            ctx = WorkerContext(settings, Store(client, "pec"), PecClient(settings.api))
            held = (settings, ctx, ctx.mailbox("planted"), ctx.client, ctx.store, settings.webhooks, broker)
            for one in held:
                assert found_in(f"{one!r} {one!s}".encode()) == [], type(one)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PEC_REDIS_URL", f"http://pec:{TOKEN}@h:1/0"),
        ("PEC_REDIS_URL", f"redis://pec:{TOKEN}@127.0.0.1:1/x"),
        ("PEC_REDIS_URL", f"redis://pec:{TOKEN}@127.0.0.1:1/0"),
        ("PEC_WEBHOOKS__ENDPOINTS", f'[{{"url": "https://h", "secret": "{TOKEN}"}}]'),
        ("PEC_WEBHOOKS__ENDPOINTS", f'[{{"secret": "{TOKEN}"'),
        ("PEC_ACCOUNTS", f'{{"acme": {{"password": "{TOKEN}"}}}}'),
        ("PEC_API", TOKEN),
        ("PEC_API__URL", f"https://me:{TOKEN}@h"),
        ("PEC_API__TOKN", TOKEN),
    ],
)
def test_a_setting_that_can_not_be_used_is_reported_without_its_value(
    tmp_path: Path, name: str, value: str
) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "cli", "status"],
        cwd=tmp_path,
        env={**os.environ, name: value},
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode in (2, 4)
    assert found_in(ran.stdout + ran.stderr) == []


def test_a_password_anywhere_in_an_address_is_masked() -> None:
    for url in (
        "redis://pec:PlantedRedis@3@h:1/0",  # an @ that is not quoted, as people write it
        f"redis://pec:{quote(REDIS_PASSWORD, safe='')}@h:1/0",
        f"unix:///run/redis.sock?db=0&password={BROKER_PASSWORD}",
        f"redis://h:1/0?password={BROKER_PASSWORD}&username=pec",
    ):
        assert "Planted" not in str(masked(url)), url
        assert str(masked(url)).count("********") == 1
    assert masked(SecretStr(TOKEN)) == "********"
    assert masked("https://h/a@b?x=1") == "https://h/a@b?x=1"
