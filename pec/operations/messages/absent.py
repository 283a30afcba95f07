"""Why there is no message with an id, and what an operator can do about it."""

from collections.abc import Iterable
from itertools import islice

from config.texts import _, joined, ngettext
from pec.instants import from_epoch, from_text
from pec.operations.refusals import Refused
from pec.operations.status.load_overview import jobs_waiting
from pec.operations.status.progress import age, clock
from pec.store import heartbeat, records
from pec.store.rejections import newest_of
from pec.store.store import Store

_MAX_NAMED = 5


def absent(store: Store, message_id: str) -> Refused:
    """Return the refusal of an id without a record: deleted, of several messages, rejected, or not known."""
    children = records.ids_of_job(store, message_id)
    if children and not store.client.exists(*map(store.keys.message, children)):
        return Refused(
            "deleted",
            _(
                "{id} was deleted after its retention (PEC_RETENTION__MESSAGES_DAYS): look into what "
                "was exported; its id stays used"
            ).format(id=message_id),
        )
    if children:
        named = ", ".join(children[:_MAX_NAMED])
        return Refused(
            "several_messages",
            _("{id} made several messages: name one of {ids}").format(id=message_id, ids=named),
        )
    if rejection := newest_of(store, message_id):
        reasons = (joined(": ", (problem.field, problem.reason)) for problem in rejection.problems)
        at = clock(from_text(rejection.at), from_epoch(store.now()))
        head = _("{id} was rejected at {time} in Rome:").format(id=message_id, time=at)
        return Refused("rejected", joined("\n", (head, *reasons)))
    return Refused(
        "unknown_message",
        _("there is no message {id}: {remedy}").format(id=message_id, remedy=jobs_remedy(store)),
    )


def unknown(store: Store, ids: Iterable[str]) -> list[str]:
    """Return the first ids, six at most, of which no message was made and no job waits or was rejected."""
    if jobs_waiting(store)[0]:
        return []
    without = (one for one in ids if not records.ids_of_job(store, one))
    return [one for one in islice(without, _MAX_NAMED + 1) if not newest_of(store, one)]


def jobs_remedy(store: Store) -> str:
    """Return a remedy that names the jobs no worker has taken, because what was not found may be among them."""
    waiting, oldest_at = jobs_waiting(store)
    if oldest_at is None:
        return _("check the id, or look through `pec list`")
    taken_by = _("try again") if heartbeat.live(store, "worker") else _("start a worker with `pec worker`")
    oldest = age(oldest_at, from_epoch(store.now()))
    return ngettext(
        "{count} job waits to be taken, for {age} so far, and it may be this one: "
        "{remedy}, or look at `pec status`",
        "{count} jobs wait to be taken, the oldest for {age}, and it may be among them: "
        "{remedy}, or look at `pec status`",
        waiting,
    ).format(count=waiting, age=oldest, remedy=taken_by)
