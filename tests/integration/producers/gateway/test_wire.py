"""TLS by files, addresses behind proxies, refusals of large bodies, metrics."""

import socket
import subprocess
from pathlib import Path

import pytest
import requests
from redis import Redis

from pec.store.store import Store
from tests.integration.producers.gateway.calls import pec
from tests.integration.producers.gateway.serving import Served, serving


def failed_places(redis: Redis) -> set[bytes]:
    return {key.removeprefix(b"pec:failures:address:") for key in redis.scan_iter("pec:failures:address:*")}


def test_tls_by_files(store: Store, redis_url: str, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    kind = (
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    )
    files_made = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate))
    subprocess.run([*kind, *files_made], check=True, capture_output=True)
    files = {"PEC_GATEWAY__TLS_CERT": str(certificate), "PEC_GATEWAY__TLS_KEY": str(key)}
    with serving(store, redis_url, environment=files) as served:
        assert served.url.startswith("https://")
        assert served.call("POST", "/send", json=pec(), verify=str(certificate)).status_code == 201
        with pytest.raises(requests.exceptions.SSLError):
            served.call("GET", "/health/live")


def test_a_client_can_t_choose_its_address(gateway: Served, redis: Redis) -> None:
    gateway.call("POST", "/send", json=pec(password="no"), headers={"X-Forwarded-For": "192.0.2.7"})

    assert failed_places(redis) == {b"127.0.0.1"}


def test_a_trusted_proxy_names_the_address_of_its_client(store: Store, redis: Redis, redis_url: str) -> None:
    trusted = {"PEC_GATEWAY__TRUSTED_PROXIES": "127.0.0.0/8, 10.0.0.1"}
    with serving(store, redis_url, environment=trusted) as served:
        chain = {"X-Forwarded-For": "203.0.113.1, 2001:db8:1:2:3::4, 10.0.0.1"}
        served.call("POST", "/send", json=pec(password="no"), headers=chain)

    assert failed_places(redis) == {b"2001:db8:1:2::/64"}


def test_a_large_body_without_a_token_gets_its_answer(gateway: Served) -> None:
    answer = gateway.call("POST", "/send", token="x", data=b"x" * 5_000_000)

    assert answer.status_code == 401


def test_metrics_sum_what_all_processes_counted(store: Store, redis_url: str, free_port: int) -> None:
    address = {"PEC_GATEWAY__METRICS_ADDRESS": f"127.0.0.1:{free_port}"}
    with serving(store, redis_url, "--workers", "2", environment=address) as served:
        for number in range(8):
            assert served.call("POST", "/send", json=pec(subject=f"n. {number}")).status_code == 201
        served.call("POST", "/send", json=pec(subject="n. 1"))
        served.call("GET", "/send/x", token="")
        shown = requests.get(f"http://127.0.0.1:{free_port}/metrics", timeout=30).text

    assert 'pec_gateway_requests_total{operation="POST /send",status="201"} 9.0' in shown
    assert 'pec_gateway_refusals_total{code="unauthorized",status="401"} 1.0' in shown
    assert 'pec_gateway_messages_total{surface="vendor"} 8.0' in shown
    assert "pec_gateway_repeats_total 1.0" in shown


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port
