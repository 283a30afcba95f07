"""Faults of Redis and of the connections to it."""

import redis

from tests.chaos.agenda import Agenda
from tests.chaos.faults import FaultsByName
from tests.chaos.faults.restore import Restore
from tests.chaos.power import FragileServer
from tests.chaos.world import World

PARTED_SECONDS = 0.8  # that a replica is cut off before it takes over: some 40 slots


class RedisFaults:
    """A server that dies, is cut off, refuses, or gives its place to a replica."""

    def __init__(self, world: World, agenda: Agenda, restore: Restore) -> None:
        self._world = world
        self._agenda = agenda
        self._restore = restore
        self.by_name: FaultsByName = {
            "redis-kill": self._redis_kill,
            "redis-power": self._redis_power,
            "redis-cut": self._redis_cut,
            "redis-lost-replies": self._redis_lost_replies,
            "redis-loading": self._redis_loading,
            "redis-oom": self._redis_oom,
            "redis-readonly": self._redis_readonly,
            "failover": self._failover,
            "flush-hints": self._flush_hints,
        }

    def _redis_kill(self, seconds: float) -> bool:
        """With a replica, another fault kills the server, and moves on to it."""
        if self._world.replica or self._restore.under_way or not self._world.server.pid:
            return False
        self._world.server.kill()
        self._agenda.within(seconds, self._start_server)
        return True

    def _start_server(self) -> None:
        if not self._restore.under_way:
            self._world.server.start()

    def _redis_power(self, seconds: float) -> bool:
        """The machine of the server loses its power: with `appendfsync always` no acknowledgement is lost."""
        server = self._world.server
        if (
            self._world.replica
            or self._restore.under_way
            or not isinstance(server, FragileServer)
            or not server.pid
        ):
            return False
        server.lose_power()
        self._agenda.within(seconds, self._start_server)
        return True

    def _redis_cut(self) -> None:
        self._world.network.run(self._world.redis_proxy.cut())

    def _redis_lost_replies(self, count: int, of: str) -> None:
        if of == "commits":
            self._world.redis_proxy.swallow_commits += count
        else:
            self._world.redis_proxy.swallow += count

    def _redis_loading(self, seconds: float) -> None:
        self._world.redis_proxy.loading = True
        self._agenda.within(seconds, self._loaded)

    def _loaded(self) -> None:
        self._world.redis_proxy.loading = False

    def _redis_oom(self, seconds: float) -> None:
        """Less than what is in use: whatever may not go beyond is refused."""
        self._world.client.config_set("maxmemory", "1mb")
        self._agenda.within(
            seconds,
            lambda: self._agenda.until_it_works(lambda: self._world.client.config_set("maxmemory", "0")),
        )

    def _redis_readonly(self, seconds: float) -> bool:
        """Make the server a replica without a master, which refuses writes."""
        if self._world.replica:
            return False
        self._world.client.replicaof("127.0.0.1", "1")
        self._agenda.within(
            seconds, lambda: self._agenda.until_it_works(lambda: self._world.client.replicaof("NO", "ONE"))
        )
        return True

    def _failover(self) -> None:
        """Fail over to a replica that was cut off for a while: work that must wait for it must not have gone on."""
        self._world.part_replica()
        self._agenda.within(PARTED_SECONDS, self._world.fail_over)

    def _flush_hints(self) -> bool:
        """All that Dramatiq has."""
        with (
            redis.Redis(
                host="127.0.0.1", port=self._world.client.connection_pool.connection_kwargs["port"], db=1
            ) as hints,
            hints.pipeline() as pipeline,
        ):
            keys, _ = pipeline.dbsize().flushdb().execute()
        return int(keys) > 0
