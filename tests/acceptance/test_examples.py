"""The examples, run as their readers run them: jobs are delivered by real workers, signatures are verified."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from pydantic import SecretStr
from redis import Redis

from config.redis_connection import connect
from config.settings import Endpoint, Webhooks
from pec.webhooks.delivery import Poster, signed_headers
from pec.webhooks.outcomes import Delivered, Failed, Outcome
from sandbox.redis_server import EmbeddedServer
from tests.acceptance.programs import php_with, program
from tests.acceptance.site import Site, eventually, site
from tests.receiver import a_secret

EXAMPLES = Path(__file__).parents[2] / "examples"
BODY = '{"type":"message.sent","timestamp":"2026-11-23T09:30:00.000Z","data":{"id":"società-1"}}'.encode()

# Stands in for redis-cli where there is none: the same words, sent by redis-py.
REDIS_CLI = f"""#!{sys.executable}
import sys
from redis import Redis
words = sys.argv[1:]
assert words.pop(0) == "-e" and words.pop(0) == "-u"
client = Redis.from_url(words.pop(0), decode_responses=True)
if words[0] == "-X":
    tag = words[1]
    words = [sys.stdin.buffer.read() if word == tag else word for word in words[2:]]
print(client.execute_command(*words))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """On a port: neither redis-cli nor the others take the URL of a unix socket."""
    with EmbeddedServer(port=0) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: EmbeddedServer) -> Iterator[Redis]:
    with connect(server.url) as client:
        yield client


@pytest.fixture(scope="module")
def working(
    client: Redis, server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with site(client, server.url, tmp_path_factory.mktemp("site")) as here, here.workers(processes=1):
        yield here


def run(command: list[str], url: str, **more: str) -> str:
    """Its output; the test fails with it where it did not exit with 0."""
    environment = {**os.environ, "PEC_REDIS_URL": url, **more}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def delivered_once(here: Site, said: list[str], message_id: str) -> None:
    """Both runs said what comes next, the message is delivered, and it was sent a single time."""
    assert all(f"pec watch {message_id}" in one for one in said)
    eventually(lambda: here.state(message_id) == "delivered")
    message = here.message(message_id)
    assert len([one for one in here.sent() if one["code"] == message["code"]]) == 1
    assert message["attempts"] == "1"


def test_the_redis_cli_example(working: Site, server: EmbeddedServer, tmp_path: Path) -> None:
    path = os.environ["PATH"]
    if shutil.which("redis-cli") is None:
        (tmp_path / "redis-cli").write_text(REDIS_CLI, encoding="utf-8")
        (tmp_path / "redis-cli").chmod(0o755)
        path = f"{tmp_path}:{path}"
    said = [run(["sh", str(EXAMPLES / "enqueue.sh")], server.url, PATH=path) for _ in range(2)]
    delivered_once(working, said, "example-sh-1")


def test_the_python_example(working: Site, server: EmbeddedServer) -> None:
    said = [run([sys.executable, str(EXAMPLES / "enqueue.py")], server.url) for _ in range(2)]
    delivered_once(working, said, "example-python-1")


def test_the_node_example(working: Site, server: EmbeddedServer, node_folder: Path) -> None:
    command = [program("node", in_ci=True), str(node_folder / "enqueue.mjs")]
    said = [run(command, server.url) for _ in range(2)]
    delivered_once(working, said, "example-node-1")


def test_the_php_example(working: Site, server: EmbeddedServer) -> None:
    php = php_with("redis", "php-redis")
    port = server.url.rpartition(":")[2].partition("/")[0]
    said = [
        run(
            [php, str(EXAMPLES / "php" / "enqueue.php")],
            server.url,
            PEC_REDIS_PORT=port,
            PEC_REDIS_HOST="127.0.0.1",
        )
        for _ in range(2)
    ]
    delivered_once(working, said, "example-php-1")


@contextmanager
def receiving(language: str, secret: str) -> Iterator[str]:
    """The URL of a language's receiver, which runs until the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = {
        "python": lambda: [sys.executable, str(EXAMPLES / "receive.py"), port],
        "node": lambda: [program("node", in_ci=True), str(EXAMPLES / "node" / "receive.mjs"), port],
        "php": lambda: [
            program("php", in_ci=False), "-S", f"127.0.0.1:{port}", str(EXAMPLES / "php" / "receive.php"),
        ],
    }[language]()  # fmt: skip
    environment = {**os.environ, "WEBHOOK_SECRET": secret}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet)
    try:
        eventually(lambda: listens(int(port)))
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(10)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def status(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    return requests.post(url, data=body, headers=headers, timeout=30).status_code


@pytest.mark.parametrize("language", ["python", "node", "php"])
def test_a_receiver_takes_what_is_ours_and_nothing_else(language: str) -> None:
    secret, next_secret = a_secret(), a_secret()
    now = int(time.time())
    genuine = signed_headers(SecretStr(secret), "evt_1", BODY, now)
    with receiving(language, secret) as url:

        def posted(secrets: str) -> Outcome:
            endpoint = Endpoint(name="shop", url=url, secret=SecretStr(secrets))
            with Poster(Webhooks(allow_private=True), endpoint) as poster:
                return poster.post("evt_1", BODY)

        assert isinstance(posted(secret), Delivered)
        rotating = posted(f"{next_secret} {secret}")
        assert isinstance(rotating, Delivered)
        forged = posted(next_secret)
        assert isinstance(forged, Failed)
        assert forged.status == 401
        assert status(url, BODY + b" ", genuine) == 401
        assert status(url, BODY, {**genuine, "webhook-id": "evt_2"}) == 401
        assert status(url, BODY, signed_headers(SecretStr(secret), "evt_1", BODY, now - 3600)) == 401
        assert status(url, BODY, {}) == 401
        assert status(url, BODY, genuine) == 204
