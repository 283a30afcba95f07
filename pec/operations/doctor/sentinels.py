"""The checks of `pec doctor` on Sentinels: enough of them, and all of one mind."""

from collections.abc import Iterator, Mapping
from typing import Any

import redis

from config.redis_refusals import cause_of
from config.redis_sentinel import SentinelPool, ask_sentinels
from config.texts import _
from pec.operations.status.findings import Finding, Mark

_FEWEST = 3  # two can't outvote one


def sentinel_checks(client: redis.Redis) -> Iterator[Finding]:
    """Check the Sentinels of the URL, if there are any."""
    pool = client.connection_pool
    if isinstance(pool, SentinelPool):
        yield from judged(pool.service_name, ask_sentinels(pool))


def judged(name: str, said: Mapping[str, Mapping[str, Any] | redis.RedisError]) -> Iterator[Finding]:
    """Return what is wrong with the Sentinels, by what each says of the primary."""
    known = {where: state for where, state in said.items() if isinstance(state, Mapping)}
    for where, why in said.items():
        if isinstance(why, redis.RedisError):
            what = _("Sentinel {address} says nothing of {name} ({why})").format(
                address=where, name=name, why=cause_of(why)
            )
            yield Finding(Mark.WARN, what, _("start it, or correct its address in PEC_REDIS_URL"))
    if len({(str(state["ip"]), int(state["port"])) for state in known.values()}) > 1:
        yield Finding(
            Mark.FAIL,
            _("the Sentinels name different primaries of {name}").format(name=name),
            _("wait for the failover to end, or see the Sentinels' logs"),
        )
    for where, state in known.items():
        yield from _alone(name, where, state)
    if len(said) < _FEWEST:
        what = _(
            "PEC_REDIS_URL names only these Sentinels: {names}; without them no failover is noticed"
        ).format(names=", ".join(said))
        yield Finding(Mark.WARN, what, _("run three or more, and write all of them into the URL"))
    if known and len(known) == len(said):
        yield Finding(Mark.OK, _("every Sentinel answers: {names}").format(names=", ".join(known)))


def _alone(name: str, where: str, state: Mapping[str, Any]) -> Iterator[Finding]:
    if state.get("is_sdown"):
        what = _("Sentinel {address} does not reach the primary of {name}").format(address=where, name=name)
        yield Finding(Mark.WARN, what, _("open its way there, or correct its auth-user and auth-pass"))
    others, quorum = int(state["num-other-sentinels"]), int(state["quorum"])
    if others + 1 < _FEWEST or quorum * 2 <= others + 1:
        what = _("Sentinel {address} knows {others} others, with quorum {quorum}").format(
            address=where, others=others, quorum=quorum
        )
        yield Finding(Mark.WARN, what, _("run three Sentinels or more, with a majority of them as quorum"))
