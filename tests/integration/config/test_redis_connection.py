"""Every process connects alike: it outlasts a restart of Redis, and says plainly when there is none."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Thread
from urllib.parse import urlsplit

import pytest
from redis import Redis, ResponseError
from redis import TimeoutError as NoAnswer

from config import redis_connection
from config.redis_connection import (
    REDIS_ERRORS,
    RedisRefused,
    RedisUnreachable,
    address,
    cause_of,
    check,
    connect,
    unusable,
)
from config.redis_failover import TcpConnection, TlsConnection
from sandbox.redis_server import EmbeddedServer
from tests.forwarder import forwarding
from tests.wire import free_port


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_connection, "_RETRY_BASE_SECONDS", 0.001)
    monkeypatch.setattr(redis_connection, "_RETRY_CAP_SECONDS", 0.001)


def test_what_is_stored_comes_back_as_bytes(redis: Redis) -> None:
    redis.set("content", b"\x00\xff")

    assert redis.get("content") == b"\x00\xff"


def test_a_server_that_answers_passes_the_check(redis: Redis) -> None:
    check(redis)


def test_connections_name_their_process_for_the_operator(redis: Redis) -> None:
    assert str(redis.client_getname()).startswith(f"pec-{socket.gethostname()}"[:20].replace(" ", "-"))


def test_no_connection_asks_for_what_the_server_does_not_know() -> None:
    with EmbeddedServer(port=0) as server, connect(server.url) as client:
        before = client.info("errorstats")
        with connect(server.url) as another:
            check(another)

        assert client.info("errorstats") == before


def test_a_command_outlasts_a_restart_of_the_server() -> None:
    with EmbeddedServer() as server, connect(server.url) as client, ThreadPoolExecutor(1) as elsewhere:
        client.set("kept", "1")
        server.kill()

        answer = elsewhere.submit(client.get, "kept")
        server.start()

        assert answer.result(timeout=20) == b"1"


@pytest.mark.usefixtures("_impatient")
def test_a_command_without_an_answer_is_not_said_for_ever() -> None:
    with hanging_up() as (port, calls), connect(f"redis://127.0.0.1:{port}/0") as client:
        with pytest.raises(REDIS_ERRORS):
            client.get("x")

        assert 6 <= len(calls) <= 36


@pytest.mark.usefixtures("_impatient")
def test_an_absent_server_is_reported_with_its_address_and_the_remedy_but_no_password() -> None:
    client = connect(f"redis://user:s3cret@127.0.0.1:{free_port()}/3")

    with pytest.raises(RedisUnreachable) as raised:
        check(client)

    assert f"Redis at {address(client)} can't be used" in str(raised.value)
    assert "start one, or set PEC_REDIS_URL" in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.mark.usefixtures("_impatient")
def test_a_refused_password_is_reported_and_not_shown(redis_url: str) -> None:
    client = connect(f"{redis_url}&username=nobody&password=s3cret")

    with pytest.raises(RedisUnreachable, match="invalid username-password") as raised:
        check(client)

    assert "set the right ones in PEC_REDIS_URL" in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:s3cret@host:7000/3", "redis://host:7000/3"),
        ("redis://host", "redis://host:6379/0"),
        ("rediss://:s3cret@host/1", "rediss://host:6379/1"),
        ("unix:///run/redis.sock?db=2&password=s3cret", "unix:///run/redis.sock?db=2"),
    ],
)
def test_an_address_is_shown_without_user_and_password(url: str, shown: str) -> None:
    with connect(url) as client:
        assert address(client) == shown


def test_what_is_no_url_of_redis_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="must be redis://"):
        connect("http://localhost")


@contextmanager
def hanging_up() -> Iterator[tuple[int, list[object]]]:
    """A server that closes every connection at once, and a list that grows with each."""
    calls: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=_hang_up, args=(listener, calls))
        thread.start()
        try:
            yield listener.getsockname()[1], calls
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _hang_up(listener: socket.socket, calls: list[object]) -> None:
    while True:
        try:
            connection, caller = listener.accept()
        except OSError:  # the test is over
            return
        calls.append(caller)
        connection.close()


def test_what_a_user_may_not_do_is_reported_with_where_to_look(redis: Redis, redis_url: str) -> None:
    acl = ("SETUSER", "mute", "on", ">secret", "nocommands", "+client")
    redis.execute_command("ACL", *acl)  # type: ignore[no-untyped-call]

    with (
        connect(f"{redis_url}&username=mute&password=secret") as client,
        pytest.raises(RedisRefused, match="see ACLs"),
    ):
        check(client)


def test_a_user_who_may_not_use_client_works_without_a_name(redis: Redis, redis_url: str) -> None:
    redis.acl_setuser("plain", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-client"])

    with connect(f"{redis_url}&username=plain&password=x") as client:
        assert client.set("a", "1")


@contextmanager
def demoting() -> Iterator[tuple[Redis, Redis, Callable[[], None], EmbeddedServer]]:
    """A client of an address, one of the server that takes over there, what makes it do so, and that server."""
    with (
        EmbeddedServer(port=0) as old,
        EmbeddedServer(port=0) as new,
        forwarding(old.url) as front,
        connect(front.url) as client,
        connect(old.url) as direct,
        connect(new.url) as primary,
    ):

        def demote() -> None:
            direct.replicaof("127.0.0.1", str(urlsplit(new.url).port))
            front.target(new.url)

        yield client, primary, demote, new


def test_a_server_that_became_a_replica_is_left_and_the_command_is_done_once_at_the_primary() -> None:
    """The address stays and its server changes, as behind a proxy or a name."""
    with demoting() as (client, primary, demote, new):
        assert client.incr("number") == 1
        demote()

        assert client.incr("number") == 1
        assert primary.get("number") == b"1"
        assert client.info("server")["process_id"] == new.pid


def test_no_idle_connection_to_a_demoted_server_is_read_from_again() -> None:
    with demoting() as (client, _, demote, new):
        pool = client.connection_pool
        for connection in [pool.get_connection(), pool.get_connection()]:
            pool.release(connection)
        demote()
        client.set("a", "1")

        found = [pool.get_connection(), pool.get_connection()]
        for connection in found:
            connection.send_command("INFO", "server")  # type: ignore[no-untyped-call]
            assert f"process_id:{new.pid}\r\n".encode() in connection.read_response()
            pool.release(connection)


def test_a_server_that_stays_a_replica_is_reported_as_one() -> None:
    with EmbeddedServer(port=0) as server, connect(server.url) as client:
        client.replicaof("127.0.0.1", "1")

        with pytest.raises(REDIS_ERRORS, match="read only replica") as raised:
            client.set("a", "1")

        assert str(cause_of(raised.value)).startswith("READONLY ")
        assert "it is a replica: set PEC_REDIS_URL to the primary" in str(unusable(client, raised.value))


def _cut_off(server: Redis) -> None:
    server.config_set("min-replicas-to-write", 1)


def _without_primary(server: Redis) -> None:
    server.replicaof("127.0.0.1", "1")
    server.config_set("replica-serve-stale-data", "no")


@pytest.mark.parametrize(
    ("how", "command", "word"),
    [(_cut_off, ("SET", "a", "1"), "NOREPLICAS"), (_without_primary, ("GET", "a"), "MASTERDOWN")],
)
def test_a_server_that_may_have_been_replaced_is_left_by_every_idle_connection(
    how: Callable[[Redis], None], command: tuple[str, ...], word: str
) -> None:
    """The error is the server's, also if other replies follow."""
    with (
        EmbeddedServer(port=0) as old,
        EmbeddedServer(port=0) as new,
        forwarding(old.url) as front,
        connect(front.url) as client,
        connect(old.url) as direct,
    ):
        pool = client.connection_pool
        for connection in [pool.get_connection(), pool.get_connection()]:
            pool.release(connection)
        how(direct)
        front.target(new.url)

        with client.pipeline(transaction=False) as pipeline:
            pipeline.execute_command(*command)
            pipeline.info("server")
            with pytest.raises(ResponseError) as raised:
                pipeline.execute()
        assert word in f"{raised.value.status_code} {raised.value}"

        for connection in (found := [pool.get_connection(), pool.get_connection()]):
            connection.send_command("INFO", "server")
            assert f"process_id:{new.pid}\r\n".encode() in connection.read_response()
        for connection in found:
            pool.release(connection)


@pytest.mark.parametrize("kind", [TcpConnection, TlsConnection])
def test_a_server_that_accepts_and_says_nothing_is_given_the_time_to_connect(
    kind: type[TcpConnection] | type[TlsConnection],
) -> None:
    """The system accepts for a server that was stopped."""
    with socket.create_server(("127.0.0.1", 0)) as door, ThreadPoolExecutor(1) as threads:
        made = kind(port=door.getsockname()[1], socket_connect_timeout=0.1, socket_timeout=600)
        connecting = threads.submit(made.connect)
        try:
            with pytest.raises(NoAnswer):
                connecting.result(30)
        finally:
            door.shutdown(socket.SHUT_RDWR)


def test_after_the_greeting_a_command_has_its_own_time() -> None:
    with EmbeddedServer(port=0) as server:
        made = TcpConnection(
            port=urlsplit(server.url).port or 0, socket_connect_timeout=0.1, socket_timeout=600
        )
        made.connect()  # type: ignore[no-untyped-call]

        assert made._sock
        assert made._sock.gettimeout() == 600
        made.disconnect()
