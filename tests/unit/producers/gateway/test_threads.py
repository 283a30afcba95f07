"""Calls that may take long have their own threads: what waits in vain, or behind too many, is refused."""

import asyncio
import threading

import pytest

from producers.gateway import threads
from producers.gateway.problems import Problem
from producers.gateway.threads import Threads


def test_calls_beyond_those_that_may_wait_are_refused_at_once() -> None:
    async def scenario() -> tuple[int, list[int]]:
        own, ends = Threads(1), threading.Event()

        def call(number: int) -> int:
            ends.wait(10)
            return number

        running = [asyncio.create_task(own.run(call, number)) for number in range(5)]
        for _ in range(5):
            await asyncio.sleep(0)
        with pytest.raises(Problem) as refused:
            await own.run(call, 6)
        ends.set()
        return refused.value.status, await asyncio.gather(*running)

    assert asyncio.run(scenario()) == (503, [0, 1, 2, 3, 4])


def test_who_waits_in_vain_is_refused_and_later_calls_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PATIENCE_SECONDS", 0.05)

    async def scenario() -> tuple[int, bool]:
        own, ends = Threads(1), threading.Event()
        running = asyncio.create_task(own.run(ends.wait, 10))
        await asyncio.sleep(0)
        with pytest.raises(Problem) as refused:
            await own.run(ends.wait, 10)
        ends.set()
        await running
        return refused.value.status, await own.run(ends.wait, 10)

    assert asyncio.run(scenario()) == (503, True)
