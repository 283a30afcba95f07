"""Encrypted connections by files that settings name: a private authority, a client's certificate, and Sentinels."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.redis_connection import RedisUnreachable, check, connect
from config.settings import Settings, SettingsError, load_settings
from pec.store import heartbeat
from pec.store.store import Store
from tests.integration.commands import Pec
from tests.sentinels import Node, sentinels
from tests.tls import KEY_PASSWORD, Tls, make_tls
from tests.wire import eventually


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return make_tls(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def node(tls: Tls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A server that takes only clients with a certificate of the authority."""
    found = Node(tmp_path_factory.mktemp("node"), tls=tls)
    found.start()
    yield found
    found.kill()


def files(tls: Tls, **other: str) -> dict[str, str]:
    stated = {"ca": str(tls.authority), "certificate": str(tls.client), "key": str(tls.client_key)}
    return {**stated, **other}


def settings_of(node: Node, host: str = "localhost", **tls: Any) -> Settings:
    return Settings.model_validate({"redis_url": f"rediss://{host}:{node.port}/0", "redis_tls": tls})


def test_the_files_are_those_of_messages_and_of_dramatiqs_queues(node: Node, tls: Tls) -> None:
    settings = settings_of(node, **files(tls))

    for url in (settings.redis_url, settings.broker):
        with connect(url) as client:
            check(client)


def test_a_key_may_have_a_password(node: Node, tls: Tls) -> None:
    settings = settings_of(node, **files(tls, key=str(tls.locked_key), key_password=KEY_PASSWORD))

    with connect(settings.redis_url) as client:
        check(client)
    assert KEY_PASSWORD not in repr(settings)


def test_an_authority_that_is_not_named_is_asked_for(node: Node, tls: Tls) -> None:
    stated = {name: value for name, value in files(tls).items() if name != "ca"}

    client = connect(settings_of(node, **stated).redis_url, retries=0)
    with client, pytest.raises(RedisUnreachable, match="certificate verify failed") as why:
        check(client)
    assert "in PEC_REDIS_TLS__CA" in str(why.value)


def test_without_a_certificate_a_client_is_refused(node: Node, tls: Tls) -> None:
    """The client notices an alert, or first the end of the connection."""
    client = connect(settings_of(node, ca=str(tls.authority)).redis_url, retries=0)
    with client, pytest.raises(RedisUnreachable):
        check(client)


def test_a_certificate_that_names_another_host_is_refused_unless_that_is_allowed(
    node: Node, tls: Tls
) -> None:
    strict = settings_of(node, "127.0.0.2", **files(tls))
    lax = settings_of(node, "127.0.0.2", **files(tls), check_hostname=False)

    with (
        connect(strict.redis_url, retries=0) as client,
        pytest.raises(RedisUnreachable, match="CHECK_HOSTNAME"),
    ):
        check(client)
    with connect(lax.redis_url) as client:
        check(client)


def test_the_command_line_uses_them_and_shows_no_password(
    pec: Pec, node: Node, tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEC_REDIS_URL", f"rediss://localhost:{node.port}/0")
    for name, value in files(tls, key=str(tls.locked_key), key_password=KEY_PASSWORD).items():
        monkeypatch.setenv(f"PEC_REDIS_TLS__{name.upper()}", value)

    assert pec("status").code == 0
    shown = pec("config")
    assert str(tls.authority) in shown.out
    assert KEY_PASSWORD not in shown.out


def test_a_worker_runs_over_sentinels_with_certificates_and_follows_a_failover(
    tls: Tls, tmp_path: Path
) -> None:
    with sentinels(tmp_path, tls=tls) as ha:
        url = ha.url.replace("127.0.0.1", "localhost")
        environment = {"PEC_REDIS_URL": url, "PEC_REDIS_REPLICAS": "1"} | {
            f"PEC_REDIS_TLS__{name.upper()}": value for name, value in files(tls).items()
        }
        settings = Settings.model_validate({"redis_url": url, "redis_tls": files(tls)})
        with connect(settings.redis_url) as client, (tmp_path / "log").open("wb") as log:
            store = Store(client, "pec")
            worker = subprocess.Popen(
                [sys.executable, "-m", "workers", "--processes", "1"],
                env={**os.environ, **environment},
                cwd=tmp_path,
                stdout=log,
                stderr=log,
            )
            try:
                eventually(lambda: heartbeat.live(store, "worker"))
                former = ha.primary()
                former.kill()
                eventually(lambda: ha.primary() is not former)
                client.delete("pec:seen:worker")
                eventually(lambda: heartbeat.live(store, "worker"))
            finally:
                worker.terminate()
                worker.wait(60)


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"PEC_REDIS_TLS__CA": "/no/such/file"}, "PEC_REDIS_TLS__CA: must be the path of a file"),
        ({"PEC_REDIS_TLS__KEY": __file__}, "PEC_REDIS_TLS: has a key without a certificate"),
        ({"PEC_REDIS_TLS__CA": __file__}, "settings: PEC_REDIS_URL is not encrypted: write rediss://"),
    ],
)
def test_what_is_wrong_with_the_files_is_said(
    environment: dict[str, str], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert str(raised.value).startswith(line)


def test_an_option_of_the_url_counts_before_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEC_REDIS_URL", "rediss://h:1/0?ssl_ca_certs=/own.pem")
    monkeypatch.setenv("PEC_REDIS_TLS__CA", __file__)

    assert load_settings().redis_url == "rediss://h:1/0?ssl_ca_certs=/own.pem"


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that accepts connections and is silent, as Redis is during a handshake of TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def test_a_server_without_tls_has_a_remedy_of_its_own(silent: int) -> None:
    with (
        connect(f"rediss://127.0.0.1:{silent}/0", timeout_seconds=0.5, retries=0) as client,
        pytest.raises(RedisUnreachable, match="the server speaks no TLS at this port"),
    ):
        check(client)


def test_a_file_of_the_url_that_is_not_there_has_a_remedy(silent: int) -> None:
    with (
        connect(f"rediss://127.0.0.1:{silent}/0?ssl_ca_certs=/nope.pem", retries=0) as client,
        pytest.raises(RedisUnreachable, match="name existing TLS files"),
    ):
        check(client)
