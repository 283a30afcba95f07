"""`pec up`: an office on one machine, whose processes are really killed."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from redis import Redis

from config.redis_connection import RedisUnreachable, check, connect
from sandbox.redis_server import server_program
from tests.acceptance.site import Site, eventually, site
from tests.acceptance.terminal import Terminal
from tests.unit.deploy.compose import DEMO, compose
from tests.wire import free_port

PEC = str(Path(sys.executable).parent / "pec")
PARTS = {"redis", "workers", "gateway", "console"}
SECONDS = 60


@pytest.fixture
def sandbox(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[Site]:
    with site(redis, redis_url, tmp_path) as found:
        yield found


@pytest.fixture
def settings(sandbox: Site) -> dict[str, str]:
    """Return an environment with an account, and without the test's own Redis."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PEC_")}
    return {**own, **{name: value for name, value in sandbox.settings.items() if name != "PEC_REDIS_URL"}}


class Office:
    """Its folder and its process."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder, self.settings = folder, settings
        self.ports = [free_port(), free_port()]
        self.output = folder.with_name(f"{folder.name}.out")

    @property
    def command(self) -> list[str]:
        console, gateway = map(str, self.ports)
        return [PEC, "up", "--data", str(self.folder), "--console-port", console, "--gateway-port", gateway]

    @property
    def console(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    @contextmanager
    def running(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Run until it is open. At the end, stop it in order."""
        with self.output.open("wb") as output:
            process = subprocess.Popen(
                self.command, env=self.settings, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        try:
            eventually(lambda: "Ctrl-C" in self.said() or process.poll() is not None, SECONDS)
            assert process.poll() is None, self.said()
            yield process
        finally:
            process.terminate()
            process.wait(SECONDS)

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def pec(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in the folder."""
        return subprocess.run(
            [PEC, *arguments],
            cwd=self.folder,
            env=self.settings,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def sends(self, message_id: str) -> None:
        options = ["--account", "acme", "--to", f"consegna+{message_id}@pec.example", "--subject", "Avviso"]
        sent = self.pec("send", "--id", message_id, *options, "--body", "<p>Salve</p>", "--wait")
        assert sent.returncode == 0, sent.stderr
        assert "delivered" in sent.stdout


def children(pid: int) -> set[int]:
    return {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()}


def is_free(folder: Path) -> bool:
    """Return whether no process holds the office's lock any more."""
    found = subprocess.run(["flock", "--nonblock", str(folder / "office.lock"), "true"], check=False)
    return found.returncode == 0


def test_an_office_survives_the_death_of_every_part_and_stops_in_order(
    settings: dict[str, str], tmp_path: Path
) -> None:
    office = Office(tmp_path / "office", settings)
    with office.running() as process:
        assert f"runs already (process {process.pid})" in refused(office)
        parts = children(process.pid)
        assert len(parts) == len(PARTS)
        for part in parts:
            os.kill(part, signal.SIGKILL)
        eventually(lambda: len(children(process.pid) - parts) == len(PARTS))
        eventually(lambda: answers(f"{office.console}/health"), SECONDS)
        office.sends("first")
    said = set(re.findall(r"^(\w+) ended \(killed by SIGKILL\)", office.said(), re.MULTILINE))
    assert said == PARTS
    assert process.returncode == 0
    assert is_free(office.folder), "a process is left"
    assert "Stopped in order" in office.said()


def test_after_a_power_cut_it_goes_on_and_its_folder_serves_the_server_of_compose(
    settings: dict[str, str], tmp_path: Path
) -> None:
    office = Office(tmp_path / "office", settings)
    with office.running() as process:
        office.sends("first")
        process.kill()
        process.wait()
    with office.running():
        assert "delivered" in office.pec("status", "first").stdout
    assert sorted(one.name for one in office.folder.iterdir() if one.stat().st_mode & 0o077) == []

    assert not list(office.folder.glob("redis/appendonlydir/*.rdb")), "an older server could not read it"
    with composed_server(office.folder / "redis", tmp_path) as client:
        assert client.hget("pec:message:first", "state") == b"delivered"


@contextmanager
def composed_server(data: Path, folder: Path) -> Iterator[Redis]:
    """Run the command of compose's server on a copy of the files, as on its volume."""
    volume = folder / "volume"
    shutil.copytree(data / "appendonlydir", volume / "appendonlydir")
    _, *options = compose(DEMO)["services"]["redis"]["command"]
    port = free_port()
    with subprocess.Popen(
        [server_program(), "--dir", str(volume), "--port", str(port), *options], stdout=subprocess.DEVNULL
    ) as server:
        try:
            with connect(f"redis://127.0.0.1:{port}/0", retries=0) as client:
                eventually(lambda: reaches(client))
                yield client
        finally:
            server.terminate()


def reaches(client: Redis) -> bool:
    try:
        check(client)
    except RedisUnreachable:
        return False
    return True


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


def test_the_first_start_asks_a_person_for_the_account_and_shows_the_password_of_the_console_once(
    settings: dict[str, str], tmp_path: Path
) -> None:
    asked = {
        name: value for name, value in settings.items() if "ACCOUNTS" not in name and "TOKEN" not in name
    }
    office = Office(tmp_path / "office", asked)
    with Terminal(office.command, office.settings) as terminal:
        for question, answer in (
            ("PEC address", "acme.srl@pec.example"),
            ("Short name", "acme"),
            ("User name", "acme"),
            ("Password", settings["PEC_ACCOUNTS__ACME__PASSWORD"]),
            ("Token", settings["PEC_API__TOKEN"]),
            ("IMAP server", ""),
        ):
            terminal.wait_for(question)
            terminal.enter(f"{answer}\n")
        terminal.wait_for("Ctrl-C stops")
        [password] = re.findall(r"Password of admin, shown this once: (\S+)", terminal.shown)
        assert "pec user" not in terminal.shown
        assert log_in(office.console, password)
        eventually(lambda: office.pec("doctor").returncode == 0, SECONDS)
        terminal.enter("\x03")
        assert terminal.wait() == 0
    written = office.folder / "pec.toml"
    assert 'sender = "acme.srl@pec.example"' in written.read_text(encoding="utf-8")
    assert not (office.folder / "admin-password").exists()
    assert settings["PEC_API__TOKEN"] not in terminal.shown


def log_in(console: str, password: str) -> bool:
    with requests.Session() as session:
        page = session.get(f"{console}/login", timeout=20).text
        csrf = re.findall(r'name="csrf" value="([0-9a-f]+)"', page)[0]
        fields = {"csrf": csrf, "name": "admin", "password": password}
        return (
            session.post(f"{console}/login", data=fields, timeout=20, allow_redirects=False).status_code
            == 303
        )


def refused(office: Office, **environment: str) -> str:
    """Start it where it can't, and return what it says."""
    ran = subprocess.run(
        office.command,
        env={**office.settings, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ran.returncode == 2, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stderr


def test_what_keeps_an_office_from_starting_is_said_with_its_remedy(
    settings: dict[str, str], tmp_path: Path
) -> None:
    office = Office(tmp_path / "office", settings)
    without = {name: "" for name in settings if "ACCOUNTS" in name}
    assert "run `pec up` once in a terminal" in refused(office, **without)
    assert "names another server" in refused(office, PEC_REDIS_URL="redis://127.0.0.1:1/0")
    assert "PEC_CONFIG names" in refused(office, PEC_CONFIG=str(tmp_path / "other.toml"))
    assert "too long" in refused(Office(tmp_path / ("o" * 100), settings))
    moved = office.folder.rename(tmp_path / "moved")
    assert "If the folder was moved" in refused(Office(moved, settings))


def test_a_port_in_use_ends_the_first_start_with_the_reason(settings: dict[str, str], tmp_path: Path) -> None:
    office = Office(tmp_path / "office", settings)
    with socket.create_server(("127.0.0.1", office.ports[0])):
        said = refused(office)
    assert "(Address already in use): choose another --console-port" in said
    assert is_free(office.folder), "a process is left"
    assert not (office.folder / "pec.toml").exists(), "something was written before the refusal"
