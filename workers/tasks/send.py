"""Send one message: the claim on disk, the bytes on the wire, and the state that each outcome leads to."""

from collections.abc import Callable, Sequence

import redis
import structlog

from archive import contents
from archive.vault import Altered, Missing, VaultAway
from pec.api.client import Attachment, Mailbox, Outgoing, encode, send_is_over_seconds
from pec.api.errors import ApiError, Denied, Invalid, RateLimited, Unreachable
from pec.api.transport import CheckOpen
from pec.changes import Change
from pec.messages import Message, Reason, evolve
from pec.names import State
from pec.reasons import reason_by_code
from pec.store import accounts, pacing, records
from pec.store.clock import local_clock
from pec.store.commits import Commit, Conflict, KeyExists, TooFewReplicas, commit_to_replicas
from pec.store.pacing import Outcome
from pec.subjects import reference_of
from pec.transitions import (
    GRACE,
    answer_lost,
    answered,
    claimed,
    expired_in_queue,
    failed,
    held_unsent,
    requeued,
    unclaimed,
)
from workers.context import NotServed, WorkerContext, retry_until_stored
from workers.mailbox.reconcile import settled_before_sending
from workers.mailbox.scan_policy import Command, first_check
from workers.rate_limiter import NoSlot, SendPermit

CLAIM_LEAD_SECONDS = 0.05  # the claim is on disk this long before its slot, mostly
CHECK_LEAD_SECONDS = 0.002  # the connection is looked at so long before the slot: a look can take as long
CHECK_AGE_SECONDS = 0.02  # after which it is looked at once more
CLAIM_AGE_SECONDS = 5.0
SLOTS_TRIED = 5
DEFAULT_HOLD_SECONDS = 5.0  # after a 429 that does not say how long
log = structlog.get_logger()


def send(ctx: WorkerContext, permit: SendPermit) -> None:
    """Send the picked message, or put it back. Every outcome is stored; nothing is sent again here."""
    if change := expired_in_queue(permit.message, ctx.now()):
        _end_unsent(permit, change)
        return
    since = ctx.reconcile_since
    try:
        mailbox = ctx.mailbox(permit.message.account)
        if since and settled_before_sending(ctx, permit.message, since):
            permit.finish("unused")
            return
    except NotServed:
        permit.put_back("unused")
        return
    try:
        attempt = _Attempt(ctx, permit, mailbox)
    except KeyError as missing:
        _fail_without_content(ctx, permit, str(missing))
        return
    except (Missing, Altered) as gone:
        _hold_without_content(ctx, permit, gone)
        return
    except VaultAway as away:
        log.warning("archive_away", why=str(away))
        wait = reason_by_code("archive_away", **away.details)
        _end_unsent(permit, requeued(permit.message, ctx.now(), wait, None, ctx.chance(), nothing_left=True))
        return
    if not ctx.api_reach.is_good:
        permit.put_back("unused")
        return
    if permit.picked.probe and not _api_answers(ctx, mailbox):
        permit.put_back("unreachable")
        return
    permit.finish(attempt.run())


def _end_unsent(permit: SendPermit, change: Change) -> None:
    try:
        permit.finish_with(Commit([change]), "unused")
    except Conflict:
        log.info("message_ended_elsewhere")


def _fail_without_content(ctx: WorkerContext, permit: SendPermit, sha256: str) -> None:
    log.error("content_missing", sha256=sha256)
    _end_unsent(permit, failed(permit.message, ctx.now(), reason_by_code("content_missing")))


def _hold_without_content(ctx: WorkerContext, permit: SendPermit, gone: Missing | Altered) -> None:
    log.error("content_missing", why=str(gone))
    code = "content_altered" if isinstance(gone, Altered) else "content_missing"
    reason = reason_by_code(code, id=permit.message.id, **gone.details)
    _end_unsent(permit, held_unsent(permit.message, ctx.now(), reason))


def _api_answers(ctx: WorkerContext, mailbox: Mailbox) -> bool:
    """Return whether a harmless call is answered: while the circuit is open, no message is risked on a dead line."""
    try:
        ctx.client.quota(mailbox)
    except (Denied, Invalid, RateLimited):
        return True
    except ApiError as error:
        log.info("probe_failed", code=error.code)
        return False
    return True


class _Attempt:
    """One attempt, from the bytes in memory to the outcome in Redis."""

    def __init__(self, ctx: WorkerContext, permit: SendPermit, mailbox: Mailbox) -> None:
        self._ctx = ctx
        self._permit = permit
        self._mailbox = mailbox
        self._message = permit.message  # as we last wrote it
        self._claim_ends = 0.0  # on the local clock: bytes may leave until then
        self._reference = _next_reference(ctx, permit.message) if permit.message.has_reference else None
        message = evolve(permit.message, {"reference": self._reference})
        self._body = _encode(ctx, message, permit.picked.body, mailbox)

    def run(self) -> Outcome:
        """Send. Return what the attempt says of the API; if an outcome was stored, the permit has ended already."""
        self._ctx.api_reach.start_opening(self._permit)
        try:
            code = self._ctx.client.send(self._mailbox, self._body, self._before_first_byte)
        except (NoSlot, TooFewReplicas, redis.RedisError) as why:
            log.info("message_given_back", why=type(why).__name__)
            self._give_back()
            return "unused"
        except Conflict:  # cancelled, or claimed by another: no longer ours
            self._permit.release_slot()
            return "unused"
        except ApiError as error:
            log.warning("send_failed", code=error.code, details=error.details)
            return self._ended_badly(error)
        finally:
            self._ctx.api_reach.end_opening(self._permit)
        log.info("message_sent", code=code)
        self._ended_well(code)
        return "answered"

    # Before the wire

    def _before_first_byte(self, check_open: CheckOpen) -> Callable[[], None]:
        """Wait for a slot and claim the message. Once this returns, bytes leave, and then what it returns is called.

        If claiming took too long for the slot, the claim stays, for another slot: undoing it would cost a busy
        machine more time, and more slots.
        """
        if not self._ctx.api_reach.end_opening(self._permit, opened=True):
            raise NoSlot  # the place on the wire was freed, and is another's by now
        for _ in range(SLOTS_TRIED):
            self._permit.reserve(until=self._claim_ends)
            self._permit.wait(before_seconds=CLAIM_LEAD_SECONDS)
            if not self._claim_ends and not self._permit.missed_slot():
                self._claim()
            self._permit.wait(before_seconds=CHECK_LEAD_SECONDS)
            check_open()
            checked_at = local_clock()
            self._permit.wait()
            late = not self._claim_ends or self._permit.missed_slot()
            # last, because all before it asks Redis, which can take long
            if 0 < self._claim_ends < local_clock():
                break
            if not late:
                if local_clock() - checked_at > CHECK_AGE_SECONDS:  # Redis took long
                    check_open()
                return self._permit.note_first_byte
            self._permit.release_slot()
        raise NoSlot

    def _claim(self) -> None:
        ctx, self._claim_ends = self._ctx, local_clock() + CLAIM_AGE_SECONDS
        seconds = send_is_over_seconds(ctx.settings.api, len(self._body)) + CLAIM_AGE_SECONDS
        change = claimed(self._permit.message, ctx.now(), self._reference, seconds)
        self._message = change.after
        until = ctx.now().timestamp() + seconds + GRACE.total_seconds()
        in_flight = pacing.in_flight_command(ctx.store, self._permit.picked.token, self._message.id, until)
        commit_to_replicas(ctx.store, change, in_flight)

    def _give_back(self) -> None:
        """Undo the claim, if there is one: it is certain that no byte left."""

        def undo() -> None:
            self._permit.release_slot()
            stored = self._stored()
            if stored and stored.state is State.QUEUED:
                self._permit.put_back("unused")
            else:
                self._store("unused", lambda message: unclaimed(message, self._ctx.now()))

        retry_until_stored(undo)

    def _stored(self) -> Message | None:
        """Return the message as Redis has it: a claim whose reply was lost is there, or not."""
        unclaimed = self._message is self._permit.message
        return self._message if unclaimed else records.read(self._ctx.store, self._message.id)

    # After the wire

    def _ended_well(self, code: str) -> None:
        key = self._ctx.store.keys.code(self._message.account, code)
        check = first_check(self._ctx, self._message.account)
        try:
            self._store(
                "answered",
                lambda message: answered(message, code, self._ctx.now(), check.at),
                absent=[key],
                commands=check.commands,
            )
        except KeyExists as owner:
            log.error("code_conflict_found", code=code, owner=owner.value)
            self._mark_uncertain("answered", reason_by_code("code_repeated", code=code))

    def _ended_badly(self, error: ApiError) -> Outcome:
        reason = error.reason
        match error:
            case Unreachable():
                self._ctx.api_reach.doubt(self._ctx.now())
                retry_until_stored(self._permit.release_slot)
                self._requeue("unreachable", reason, None, nothing_left=True)
                return "unreachable"
            case RateLimited():
                hold_seconds = float(error.details.get("retry_after_seconds") or DEFAULT_HOLD_SECONDS)
                self._requeue("answered", reason, hold_seconds, hold_seconds=hold_seconds)
            case Denied():
                retry_until_stored(lambda: _pause(self._ctx, self._message.account, reason))
                self._requeue("answered", reason, 0.0)
            case Invalid():
                self._store("answered", lambda message: failed(message, self._ctx.now(), reason))
            case _:
                self._mark_uncertain("silent", reason)
                return "silent"
        retry_until_stored(self._permit.refund_cap)
        return "answered"

    def _requeue(
        self,
        outcome: Outcome,
        reason: Reason,
        wait_seconds: float | None,
        *,
        hold_seconds: float = 0,
        nothing_left: bool = False,
    ) -> None:
        chance = self._ctx.chance()
        self._store(
            outcome,
            lambda message: requeued(
                message, self._ctx.now(), reason, wait_seconds, chance, nothing_left=nothing_left
            ),
            hold_seconds,
        )

    def _mark_uncertain(self, outcome: Outcome, reason: Reason) -> None:
        self._store(
            outcome,
            lambda message: answer_lost(message, self._ctx.now(), reason, self._ctx.settings.uncertain),
        )

    def _store(
        self,
        outcome: Outcome,
        choose: Callable[[Message], Change],
        hold_seconds: float = 0,
        absent: Sequence[str] = (),
        commands: Sequence[Command] = (),
    ) -> None:
        """Commit the outcome and end the permit; try until Redis has it. Raise KeyExists."""

        def end(message: Message) -> None:
            commit = Commit([choose(message)], absent=absent, commands=commands)
            self._permit.finish_with(commit, outcome, hold_seconds)

        def store() -> None:
            if not self._done(end):
                self._permit.finish(outcome, hold_seconds)

        retry_until_stored(store)

    def _done(self, end: Callable[[Message], None]) -> bool:
        """Apply `end` to the current record. Return False if a look-up was faster and settled the message."""
        message: Message | None = self._message
        while message and self._is_ours(message):
            try:
                end(message)
                return True
            except Conflict:
                message = records.read(self._ctx.store, message.id)
        log.warning("message_settled_elsewhere", state=message and str(message.state))
        return False

    def _is_ours(self, message: Message) -> bool:
        """Return whether the message is still this attempt's, and not yet settled by what the mailbox showed."""
        if message.state is State.QUEUED:
            return message.attempts == self._permit.message.attempts
        mine = message.reference == self._reference and message.claimed_at == self._message.claimed_at
        return mine and message.state in (State.SENDING, State.UNCERTAIN, State.HELD)


def _pause(ctx: WorkerContext, account: str, reason: Reason) -> None:
    if accounts.pause(ctx.store, account, reason):
        log.error("account_paused", account=account, code=reason.code)


def _next_reference(ctx: WorkerContext, message: Message) -> str:
    """Return the reference of the next attempt. An attempt that was refused, or never left, passes its own on."""
    return reference_of(ctx.store.keys.namespace, message.id, len(message.lost_references))


def _encode(ctx: WorkerContext, message: Message, body: bytes | None, mailbox: Mailbox) -> bytes:
    """Return the whole request body, made before any slot is asked for. Raise as `contents.read` does."""
    wanted = [attached.sha256 for attached in message.attachments]
    if message.body and body is None:
        wanted.append(message.body)
    found = contents.read(ctx.store, ctx.vault, wanted)
    if message.body and body is None:
        body = found[message.body]
    attachments = tuple(Attachment(attached.name, found[attached.sha256]) for attached in message.attachments)
    html = (body or b"").decode("utf-8-sig", "replace")
    return encode(
        Outgoing(mailbox.sender, message.recipients, message.sent_subject, html, attachments), mailbox
    )
