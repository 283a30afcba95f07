"""The producer of a run: it adds each job until it is acknowledged."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import redis
import requests

from pec.content import sha256
from tests.chaos.agenda import Agenda
from tests.chaos.campaign import Entry
from tests.chaos.world import World


class CarefulProducer:
    """A job counts as added once Redis, and the replica if there is one, have said so."""

    def __init__(self, world: World, agenda: Agenda, entries: Sequence[Entry]) -> None:
        self._world = world
        self._agenda = agenda
        self._entries = entries
        self._jobs: dict[Entry, str] = {}
        self.added: dict[str, dict[str, Any]] = {}
        self.not_before: dict[str, float] = {}  # by the monotonic clock

    def begin(self) -> None:
        """Add each job at its second."""
        for entry in self._entries:
            self._agenda.at(entry.at, partial(self._add, entry))

    def add_all_again(self) -> None:
        """Add all there is after a restore: what the backup knows is ignored."""
        self.added.clear()
        for entry in self._entries:
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        """XADD until it is acknowledged, as a careful producer does: by replicas too, where there are any."""
        client = self._world.client
        try:
            job = self._written(entry)
            for content in entry.uploads:
                client.set(f"pec:upload:{sha256(content)}", content, ex=600)
            added: Any = client.xadd("pec:jobs", {"job": job})
            if self._world.replica and int(client.wait(1, 500)) < 1:
                raise redis.TimeoutError("no replica has it")
        except (redis.RedisError, requests.RequestException):
            self._agenda.within(0.2, lambda: self._add(entry))
            return
        self.added[added.decode()] = {"job_id": entry.job_id, "refused": entry.refused}

    def _written(self, entry: Entry) -> str:
        """Its job as it goes out, each time the same."""
        if entry not in self._jobs:
            job = json.loads(entry.job)
            if entry.follows:
                job["code"] = self._world.send_directly(job["account"], json.loads(entry.follows))
            if entry.waits_seconds:
                job["not_before"] = (datetime.now(UTC) + timedelta(seconds=entry.waits_seconds)).isoformat()
                self.not_before[entry.job_id] = time.monotonic() + entry.waits_seconds
            self._jobs[entry] = json.dumps(job, ensure_ascii=False)
        return self._jobs[entry]
