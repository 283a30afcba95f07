"""The work of `work`, for peers on an event loop: aiohttp and redis.asyncio in place of requests and redis."""

import os

import aiohttp
import redis.asyncio

from bench.peers import messages

store = redis.asyncio.Redis.from_url(os.environ["BENCH_REDIS"])


class Work:
    """One session for the process, as aiohttp's documentation asks for. To be made inside the loop."""

    def __init__(self) -> None:
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30), raise_for_status=_refuse)

    async def post(self, number: int) -> str:
        """Return the code. Raise what aiohttp raises."""
        url, job = f"{messages.API}/send", messages.job(number)
        async with self.session.post(url, json=job, headers=messages.SEND_HEADERS) as answer:
            return str((await answer.json())["message_id"])

    async def state_shown(self, number: int, code: str) -> str:
        """Store the receipts. Return the state that they show."""
        url = f"{messages.API}/send/{code}"
        async with self.session.get(url, headers=messages.CHECK_HEADERS) as answer:
            if answer.status == 404:
                return "sent"
            mails = (await answer.json())["data"]
        await store.hset(f"receipts:{number}", mapping=messages.receipts(mails))
        return messages.state_of(mails)

    async def report(self, event: str) -> None:
        async with self.session.post(messages.HOOK, data=event.encode(), headers=messages.signed(event)):
            pass


async def keep(number: int, state: str, **fields: str) -> str:
    """Write the record. Return the event."""
    await store.hset(f"message:{number}", mapping=messages.record(state, **fields))
    return messages.event(number, state, **fields)


async def known_state(number: int) -> str:
    found = await store.hget(f"message:{number}", "state")
    return found.decode() if isinstance(found, bytes) else "sent"


async def _refuse(answer: aiohttp.ClientResponse) -> None:
    if answer.status != 404:
        answer.raise_for_status()
