"""Messages whose receipts may leave their mailbox, and what was deleted so far."""

from collections.abc import Sequence
from dataclasses import dataclass

from pec.messages import Message
from pec.names import Proof, Queue
from pec.store.store import Store, text_list

Command = Sequence[str | float]
RULES = "purge"  # the kind of heartbeat that names the rules which workers have had


@dataclass(frozen=True, slots=True)
class PurgeRule:
    """With which proof, and how long after the end of a message, its receipts may leave a mailbox."""

    account: str
    proof: Proof
    grace_seconds: float

    def __str__(self) -> str:
        return f"{self.account} {self.proof} {self.grace_seconds:g}"

    @classmethod
    def of(cls, name: str) -> "PurgeRule":
        account, proof, grace = name.split(" ")
        return cls(account, Proof(proof), float(grace))


def rules_ever(store: Store) -> list[PurgeRule]:
    """Return every rule that a worker has had since Redis was empty."""
    return [PurgeRule.of(name) for name in text_list(store.client.zrange(store.keys.seen(RULES), 0, -1))]


def enter(store: Store, message: Message, grace_seconds: float, *, schedule: bool) -> list[Command]:
    """Return the commands that let the receipts of an ended message leave its mailbox."""
    ended_at = (message.ended_at or message.updated_at).timestamp()
    commands: list[Command] = [["ZADD", store.keys.purgeable(message.account), ended_at, message.id]]
    if schedule:
        commands.append(
            ["ZADD", store.keys.due(Queue.PURGE), "NX", ended_at + grace_seconds, message.account]
        )
    return commands


def ready(store: Store, account: str, ended_by: float, limit: int) -> list[str]:
    """Return messages that ended by then, the oldest first."""
    return text_list(
        store.client.zrangebyscore(store.keys.purgeable(account), "-inf", ended_by, start=0, num=limit)
    )


def leave(store: Store, account: str, message_ids: Sequence[str]) -> None:
    """Note that nothing of these messages is left to delete."""
    if message_ids:
        store.client.zrem(store.keys.purgeable(account), *message_ids)


def leave_empty(store: Store, account: str, message_ids: Sequence[str]) -> None:
    """Note the same of those among these messages that have no receipt in the mailbox."""
    if message_ids:
        store.run("purged", account, *message_ids)


def end(store: Store, account: str, grace_seconds: float, soonest: float) -> bool:
    """Schedule the next purge. Return whether something is left to delete."""
    return bool(store.run("end_purge", account, grace_seconds, soonest))


def count(store: Store, account: str, mails: int, size: int) -> None:
    """Count mails that were deleted."""
    key = store.keys.imap(account)
    with store.client.pipeline(transaction=False) as pipeline:
        pipeline.hincrby(key, "purged", mails)
        pipeline.hincrby(key, "purged_bytes", size)
        pipeline.execute()
