"""How many replicas must have a write before it counts: a fixed number, or all that Sentinels could promote."""

from dataclasses import dataclass

import redis

from config.redis_sentinel import Address, SentinelPool, View


@dataclass(frozen=True, slots=True)
class ReplicaWait:
    """One write and the replicas that must have it. Made before the write."""

    least: int
    count: int  # for WAIT
    pool: SentinelPool | None = None
    primary: Address | None = None
    view: View | None = None

    def is_over(self, acknowledged: int) -> bool:
        """Return whether the write survives a failover, given the answer of WAIT. May ask the Sentinels.

        A replica that has not answered must be out of reach for the Sentinels, too: else it may have been promoted,
        and this server would still take writes that are lost.
        """
        if acknowledged < self.least:
            return False
        if self.pool is None or self.view is None:
            return True
        if self.view.is_of_most and 0 < self.view.known <= acknowledged:
            return True  # whichever replica is promoted has it, even if one Sentinel alone misses the primary
        now = self.pool.survey()
        if now.primary and now.primary != self.primary:
            self.pool.follow()
        return now.primary == self.primary == self.pool.primary() and acknowledged >= now.promotable


def replica_wait(client: redis.Redis, least: int, *, ask: bool = False) -> ReplicaWait:
    """Return what the next write has to wait for: `least` replicas, and all that Sentinels could promote.

    With `ask`, all Sentinels are asked again: a heartbeat does so, so that no claim has to wait for a silent one.
    Raise redis.ConnectionError if no Sentinel names the primary.
    """
    pool = client.connection_pool
    if least == 0 or not isinstance(pool, SentinelPool):
        return ReplicaWait(least, least)
    primary, view = pool.primary(), pool.survey(patient=True) if ask else pool.view()
    return ReplicaWait(least, max(least, view.promotable), pool, primary, view)
