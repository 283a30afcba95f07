"""Threads that write at the same moment share a write, and each gets its own replies."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
import redis

from pec.store.combiner import Combiner
from tests.wire import eventually

WAIT_SECONDS = 30.0


class Server:
    """Notes what is written together. It holds the first write up until `goes_on`."""

    def __init__(self) -> None:
        self.writes: list[list[str]] = []
        self.goes_on = Event()

    def write(self, calls: Sequence[str]) -> list[Any]:
        self.writes.append(list(calls))
        if len(self.writes) == 1:
            assert self.goes_on.wait(WAIT_SECONDS)
        if "away" in calls:
            raise redis.ConnectionError("the server is away")
        if "unwritable" in calls:
            raise UnicodeError("it can't be written")
        return [call.upper() for call in calls]


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as found:
        yield found


def begun(combiner: Combiner[str], threads: ThreadPoolExecutor, *parts: list[str]) -> list[Future[list[Any]]]:
    """Start a thread for each part: the first one writes, the others wait."""
    first = threads.submit(combiner.run, parts[0])
    eventually(lambda: combiner._has_writer and not combiner._waiting)
    rest = [threads.submit(combiner.run, part) for part in parts[1:]]
    eventually(lambda: len(combiner._waiting) == len(rest))
    return [first, *rest]


def test_a_thread_alone_writes_at_once() -> None:
    server = Server()
    server.goes_on.set()
    combiner = Combiner(server.write)
    assert combiner.run(["a", "b"]) == ["A", "B"]
    assert combiner.run(["c"]) == ["C"]
    assert server.writes == [["a", "b"], ["c"]]


def test_what_came_during_a_write_goes_in_one_and_each_thread_gets_its_own_replies(
    threads: ThreadPoolExecutor,
) -> None:
    server = Server()
    found = begun(Combiner(server.write), threads, ["a"], ["b", "c"], ["d"], ["e"])
    server.goes_on.set()
    assert [one.result(WAIT_SECONDS) for one in found] == [["A"], ["B", "C"], ["D"], ["E"]]
    assert [sorted(one) for one in server.writes] == [["a"], ["b", "c", "d", "e"]]


def test_an_error_is_for_those_that_were_written_and_the_next_are_written_all_the_same(
    threads: ThreadPoolExecutor,
) -> None:
    server = Server()
    found = begun(Combiner(server.write), threads, ["away"], ["b"], ["c"])
    server.goes_on.set()
    with pytest.raises(redis.ConnectionError):
        found[0].result(WAIT_SECONDS)
    assert [one.result(WAIT_SECONDS) for one in found[1:]] == [["B"], ["C"]]


def test_a_call_that_cannot_be_sent_fails_for_its_own_thread_only(threads: ThreadPoolExecutor) -> None:
    server = Server()
    found = begun(Combiner(server.write), threads, ["a"], ["b"], ["unwritable"], ["c"])
    server.goes_on.set()
    with pytest.raises(UnicodeError):
        found[2].result(WAIT_SECONDS)
    assert [one.result(WAIT_SECONDS) for one in (found[0], found[1], found[3])] == [["A"], ["B"], ["C"]]


def test_all_that_one_write_carried_fails_if_the_server_does_not_answer(threads: ThreadPoolExecutor) -> None:
    server = Server()
    found = begun(Combiner(server.write), threads, ["a"], ["b"], ["away"])
    server.goes_on.set()
    assert found[0].result(WAIT_SECONDS) == ["A"]
    for one in found[1:]:
        with pytest.raises(redis.ConnectionError):
            one.result(WAIT_SECONDS)


def test_a_thread_that_is_interrupted_while_it_writes_holds_up_no_other(threads: ThreadPoolExecutor) -> None:
    class Interrupted(Server):
        def write(self, calls: Sequence[str]) -> list[Any]:
            replies = super().write(calls)
            if "a" in calls:
                raise KeyboardInterrupt
            return replies

    server = Interrupted()
    found = begun(Combiner(server.write), threads, ["a"], ["b"], ["c"])
    server.goes_on.set()
    assert isinstance(found[0].exception(WAIT_SECONDS), KeyboardInterrupt)
    assert [one.result(WAIT_SECONDS) for one in found[1:]] == [["B"], ["C"]]
