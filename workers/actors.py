"""The actors: one for each queue, each a hint that names what to look at. The deeds are in the modules beside."""

from collections.abc import Callable

import dramatiq

from pec.messages import UnknownRecord
from pec.names import Queue
from workers.checking import check
from workers.deliveries import deliver
from workers.guarding import guard_quota
from workers.kit import Kit
from workers.looking_up import look_up
from workers.middleware.rate_limiter import RateLimiter
from workers.releasing import release
from workers.scanning import scan
from workers.sending import send
from workers.strangers import left_alone
from workers.sweeping import sweep


def declare(broker: dramatiq.Broker, kit: Kit, limiter: RateLimiter) -> None:
    """Each actor has its queue's name."""

    def send_next(token: str, hint: str) -> None:
        send(kit, limiter.turn())

    deeds: dict[Queue, Callable[[str], None]] = {
        Queue.RELEASE: lambda message_id: release(kit, message_id),
        Queue.CHECK: lambda message_id: check(kit, message_id),
        Queue.INBOX_SCAN: lambda account: scan(kit, account),
        Queue.LOOKUP: lambda message_id: look_up(kit, message_id),
        Queue.WEBHOOK: lambda endpoint: deliver(kit, endpoint),
        Queue.QUOTA: lambda account: guard_quota(kit, account),
        Queue.SWEEP: lambda what: sweep(kit, what),
    }
    _actor(broker, _bearing(kit, send_next), Queue.SEND, paced=True)
    for queue, deed in deeds.items():
        _actor(broker, _bearing(kit, deed), queue, paced=False)


def _bearing(kit: Kit, deed: Callable[..., None]) -> Callable[..., None]:
    """The deed, where what it looks at may be a newer version's."""

    def run(*args: str) -> None:
        try:
            deed(*args)
        except UnknownRecord as met:
            left_alone(kit.store, met)

    return run


def _actor(broker: dramatiq.Broker, deed: Callable[..., None], queue: Queue, *, paced: bool) -> None:
    dramatiq.actor(actor_name=queue, queue_name=queue, broker=broker, paced=paced)(deed)
