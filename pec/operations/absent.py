"""Why there is no message with an id, and what an operator can do about it."""

from pec.instants import from_epoch
from pec.operations.load_overview import jobs_waiting
from pec.operations.progress import age
from pec.operations.refusals import Refused
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
            f"{message_id} was deleted after its retention (PEC_RETENTION__MESSAGES_DAYS): "
            "look into what was exported; its id stays used",
        )
    if children:
        named = ", ".join(children[:_MAX_NAMED])
        return Refused("several_messages", f"{message_id} made several messages: name one of {named}")
    if rejection := newest_of(store, message_id):
        reasons = "\n".join(f"{problem.field}: {problem.reason}" for problem in rejection.problems)
        return Refused("rejected", f"{message_id} was rejected at {rejection.at}:\n{reasons}")
    return Refused("unknown_message", f"there is no message {message_id}: {jobs_remedy(store)}")


def jobs_remedy(store: Store) -> str:
    """Return a remedy that names the jobs no worker has taken, because what was not found may be among them."""
    waiting, oldest_at = jobs_waiting(store)
    if oldest_at is None:
        return "check the id, or look through `pec list`"
    taken_by = "try again" if heartbeat.live(store, "worker") else "start a worker with `pec worker`"
    oldest = age(oldest_at, from_epoch(store.now()))
    return (
        f"{waiting} jobs wait to be taken, the oldest for {oldest}, and it may be among them: "
        f"{taken_by}, or look at `pec status`"
    )
