"""Every action of an operator: pause, resume, resend, discard, enable, replay. Each may raise Refused."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from config.settings import Settings
from config.texts import _
from pec.changes import Change
from pec.instants import from_epoch, to_text
from pec.messages import Message, Reason
from pec.operations.messages.absent import absent
from pec.operations.messages.batch_names import unknown_batch
from pec.operations.names import known_accounts, require_account, require_endpoint
from pec.operations.refusals import Contended, Refused
from pec.reasons import reason_by_code
from pec.store import accounts, batches, dead_letters, imap_state, outbox, records
from pec.store.accounts import BY_OPERATOR
from pec.store.batches import PausedBatch
from pec.store.commits import Conflict, update
from pec.store.store import Store, wall_clock
from pec.transitions import NotAllowed, discarded, resend_asked


@dataclass(frozen=True, slots=True)
class AccountResumed:
    """The result of `resume_accounts` for one account. `still_paused`: the cause, which must be put right first."""

    account: str
    resumed: bool
    still_paused: Reason | None = None


@dataclass(frozen=True, slots=True)
class BatchPaused:
    """The result of `pause_batch`. `state` is None if another operator resumed the batch at once."""

    already: bool
    at: datetime
    state: PausedBatch | None


# Accounts


def pause_account(store: Store, settings: Settings, account: str) -> bool:
    """Let the messages of an account wait. Return False if it was paused already."""
    require_account(store, settings, account)
    return _pause_account(store, account)


def pause_accounts(store: Store, settings: Settings) -> dict[str, bool]:
    """Pause every known account. Return by name whether it was not paused before."""
    return {name: _pause_account(store, name) for name in known_accounts(store, settings)}


def resume_account(store: Store, settings: Settings, account: str) -> bool:
    """Let an account send again, whatever paused it, and log in again by IMAP. Return False if neither was stopped."""
    require_account(store, settings, account)
    forgiven = imap_state.forgive(store, account, store.now())
    return accounts.resume(store, account) or forgiven


def resume_accounts(store: Store, settings: Settings) -> list[AccountResumed]:
    """Resume every account that an operator paused, and leave those that a worker paused for a cause."""
    return [_resume_if_by_operator(store, name) for name in known_accounts(store, settings)]


# Batches


def pause_batch(store: Store, batch: str, by: str) -> BatchPaused:
    """Hold back what a batch has not sent yet, and what of it is still to come. `by` names the operator."""
    at = from_epoch(store.now())
    outcome = batches.pause(store, batch, reason_by_code(BY_OPERATOR, by=by, at=to_text(at)))
    if outcome == "unknown":
        raise unknown_batch(store, batch)
    return BatchPaused(outcome == "already", at, batches.state_of(store, batch))


def resume_batch(store: Store, batch: str) -> Literal["resumed", "nothing_left", "not_paused"]:
    """Give the messages of a batch their places in line back."""
    paused = batches.state_of(store, batch)
    outcome = batches.resume(store, batch)
    if outcome == "unknown":
        raise unknown_batch(store, batch)
    if outcome == "already":
        return "not_paused"
    return "nothing_left" if paused and not paused.parked else "resumed"


# Held messages


def resend(store: Store, message_id: str) -> Message:
    """Have a held message sent again, after one more look for it in the mailbox."""
    return _decide(store, message_id, resend_asked)


def discard(store: Store, message_id: str) -> Message:
    """Give a held message up: it becomes failed."""
    return _decide(store, message_id, discarded)


# Endpoints


def enable_endpoint(store: Store, settings: Settings, endpoint: str) -> int:
    """Have everything that waits for an endpoint delivered now, retries included, also if it answered 410.

    Return how many deliveries wait.
    """
    require_endpoint(store, settings, endpoint)
    return outbox.enable(store, endpoint)


def replay_dead(
    store: Store, settings: Settings, endpoint: str, letters: Collection[str] | None = None
) -> int:
    """Deliver dead letters of an endpoint again, by id, or all of them. Return how many there are."""
    require_endpoint(store, settings, endpoint)
    return dead_letters.replay(store, endpoint, letters)


def replay_since(store: Store, endpoint: str, instant: datetime) -> bool:
    """Deliver every event since then to an endpoint again. Return False if it has not received any of them yet."""
    try:
        return outbox.replay_since(store, endpoint, instant)
    except LookupError as error:
        raise Refused(
            "unknown_endpoint", _("{what}: `pec status` lists endpoints").format(what=error.args[0])
        ) from None


def _pause_account(store: Store, account: str) -> bool:
    return accounts.pause(store, account, reason_by_code(BY_OPERATOR))


def _resume_if_by_operator(store: Store, account: str) -> AccountResumed:
    if accounts.resume(store, account, only=BY_OPERATOR):
        return AccountResumed(account, resumed=True)
    return AccountResumed(account, resumed=False, still_paused=accounts.state_of(store, account).reason)


def _decide(store: Store, message_id: str, choose: Callable[[Message, datetime], Change]) -> Message:
    try:
        message = update(
            store,
            lambda: records.read(store, message_id),
            lambda found: choose(found, from_epoch(wall_clock())),
        )
    except NotAllowed as refused:
        raise Refused("not_allowed", refused.problem.reason) from None
    except Conflict as conflict:
        raise Contended(
            _("others keep changing this message ({error}): try again").format(error=conflict)
        ) from None
    if message is None:
        raise absent(store, message_id)
    return message
