"""Bodies wait for memory, and what waits in vain is refused."""

import asyncio

import pytest

from producers.gateway import memory
from producers.gateway.memory import Memory
from producers.gateway.problems import Problem


def test_a_body_waits_until_another_was_let_go() -> None:
    async def scenario() -> list[str]:
        bound, order = Memory(20, 10), list[str]()

        async def hold(name: str, size: int, ends: asyncio.Event) -> None:
            async with bound.held("a", size):
                order.append(name)
                await ends.wait()

        first, second = asyncio.Event(), asyncio.Event()
        tasks = [asyncio.create_task(hold("first", 8, first)), asyncio.create_task(hold("second", 5, second))]
        for _ in range(5):
            await asyncio.sleep(0)
        assert order == ["first"]
        first.set()
        second.set()
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(scenario()) == ["first", "second"]


def test_what_waits_in_vain_is_refused_and_one_beyond_the_bound_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "PATIENCE_SECONDS", 0.01)

    async def scenario() -> int:
        bound = Memory(20, 10)
        async with bound.held("a", 1000):
            with pytest.raises(Problem) as refused:
                async with bound.held("a", 1):
                    pass
        async with bound.held("a", 10):
            pass
        return refused.value.status

    assert asyncio.run(scenario()) == 503


def test_a_token_holds_its_share_at_most_and_others_get_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "PATIENCE_SECONDS", 0.01)

    async def scenario() -> int:
        bound = Memory(20, 10)
        async with bound.held("a", 6), bound.held("a", 4):
            with pytest.raises(Problem) as refused:
                async with bound.held("a", 1):
                    pass
            async with bound.held("b", 10):
                return refused.value.status

    assert asyncio.run(scenario()) == 503
