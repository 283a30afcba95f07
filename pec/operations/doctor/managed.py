"""The findings on a server that a provider runs: what could not be checked, and what depends on it."""

import redis

from config.redis_refusals import cause_of
from config.texts import _
from pec.operations.status.findings import Finding, Mark


def provided(name: str, value: str | None, wanted: str, danger: str) -> Finding:
    """Return whether a directive of the provider's server has the value that nothing is lost with."""
    if value == wanted:
        return Finding(Mark.OK, f"{name} {value}")
    if value is None:
        what = _("{name} can't be checked: unless it is {wanted}, {danger}").format(
            name=name, wanted=wanted, danger=danger
        )
        return Finding(
            Mark.NOTE, what, _("have the provider confirm {value}").format(value=f"{name} {wanted}")
        )
    what = _("{name} is {value}: {danger}").format(name=name, value=value, danger=danger)
    remedy = _("choose {value} at the provider, or accept that").format(value=f"{name} {wanted}")
    return Finding(Mark.WARN, what, remedy)


def hidden_replicas() -> Finding:
    """Return what a failover of the provider's may cost, if the server shows no replica."""
    what = _(
        "no replica is shown: if the provider fails over to one, jobs of the last moment can be lost, and a claim, "
        "whose PEC is then sent twice"
    )
    remedy = _(
        "have the provider confirm that a failover loses no acknowledged write; else reconcile after each one"
    )
    return Finding(Mark.NOTE, what, remedy)


def hidden_demand() -> Finding:
    """Return what a server may lose that can't say how many replicas it demands."""
    what = _(
        "min-replicas-to-write can't be checked: unless it is PEC_REDIS_REPLICAS, a server that is cut off takes jobs "
        "of producers that do not wait, and a failover loses them"
    )
    return Finding(Mark.NOTE, what, _("have every producer wait for replicas"))


def without_info(why: redis.ResponseError) -> Finding:
    """Return that nothing of the server can be checked. Workers need INFO, too: the pace depends on it."""
    what = _(
        "INFO is refused ({why}): workers start only where they can see that the server is another one"
    ).format(why=cause_of(why))
    return Finding(
        Mark.FAIL, what, _("allow INFO to the user of PEC_REDIS_URL: see ACLs in docs/operations.md")
    )
