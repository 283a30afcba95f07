"""Follow pec:events and survive crashes, with nothing but redis-py (`pip install redis`) and SQLite:

PEC_REDIS_URL=redis://localhost:6379/0 python examples/consume.py events.db

Start as many as you like, each with a CONSUMER name of its own that stays the same when it starts again.
"""

import json
import os
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import redis

REDIS_URL = os.environ.get("PEC_REDIS_URL", "redis://localhost:6379/0")
STREAM, GROUP = "pec:events", os.environ.get("GROUP", "my-app")
CONSUMER = os.environ.get("CONSUMER", socket.gethostname())
CLAIM_SECONDS = float(os.environ.get("CLAIM_SECONDS", "60"))  # longer than handling an event ever takes
BLOCK_SECONDS = 1
COUNT = 100
TABLES = """
CREATE TABLE IF NOT EXISTS handled (event TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS pec (id TEXT PRIMARY KEY, state TEXT, sequence INTEGER);
"""
Entry = tuple[str, dict[str, str]]


def handle(database: sqlite3.Connection, event_id: str, event: dict) -> None:
    """Handle an event as your app does, and note that it was handled, in one transaction."""
    with database:
        if not database.execute("INSERT OR IGNORE INTO handled VALUES (?)", (event_id,)).rowcount:
            return  # it came before
        data = event["data"]
        if event["type"] != f"message.{data.get('state')}":
            return  # not about a new state: a batch, an account, a note
        database.execute(  # events may come in any order: an older one changes nothing
            "INSERT INTO pec VALUES (:id, :state, :sequence) ON CONFLICT (id) DO UPDATE"
            " SET state = :state, sequence = :sequence WHERE sequence < :sequence",
            {name: data[name] for name in ("id", "state", "sequence")},
        )
        print(event_id, data["id"], data["state"], flush=True)


def entries(client: redis.Redis) -> Iterator[list[Entry]]:
    """First what this consumer took before it died, then what is new and what others took and never finished."""
    try:
        client.xgroup_create(
            STREAM, GROUP, id="0", mkstream=True
        )  # "0": all that is kept; "$": only what comes
    except redis.ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
    position = "0"
    while mine := _read(client, position):
        yield mine
        position = mine[-1][0]
    claim_at = 0.0
    while True:
        if time.monotonic() >= claim_at:
            yield from _abandoned(client)
            claim_at = time.monotonic() + CLAIM_SECONDS
        yield _read(client, ">")


def _read(client: redis.Redis, position: str) -> list[Entry]:
    found = client.xreadgroup(GROUP, CONSUMER, {STREAM: position}, count=COUNT, block=BLOCK_SECONDS * 1000)
    return found[0][1] if found else []


def _abandoned(client: redis.Redis) -> Iterator[list[Entry]]:
    cursor = "0-0"
    while True:
        cursor, claimed, *_ = client.xautoclaim(
            STREAM, GROUP, CONSUMER, int(CLAIM_SECONDS * 1000), cursor, count=COUNT
        )
        yield claimed
        if cursor == "0-0":
            return


def follow(client: redis.Redis, database: sqlite3.Connection) -> None:
    for batch in entries(client):
        for entry, fields in batch:
            if fields:  # None or empty: the stream was trimmed before it was handled
                try:
                    handle(database, fields["id"], json.loads(fields["event"]))
                except (
                    Exception
                ) as error:  # one bad event must not stop the others: it is claimed again later
                    print(f"{fields['id']} could not be handled: {error!r}", file=sys.stderr, flush=True)
                    continue
            client.xack(STREAM, GROUP, entry)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # a stop at any moment does no harm
    with closing(sqlite3.connect(sys.argv[1])) as database:
        database.executescript(TABLES)
        while True:
            try:
                with redis.Redis.from_url(REDIS_URL, decode_responses=True) as client:
                    follow(client, database)
            except redis.RedisError as error:  # away, or back without the group: begin again
                print(f"Redis: {error}; once more in a second", file=sys.stderr, flush=True)
                time.sleep(1)  # so that a server which refuses connections is not flooded with them


if __name__ == "__main__":
    main()
