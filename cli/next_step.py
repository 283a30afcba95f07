"""What `pec` alone says: the next thing to do."""

from dataclasses import dataclass

from cli import output
from cli.session import open_session
from config.redis_connection import RedisUnreachable
from pec.names import State
from pec.store import heartbeat, records


@dataclass(frozen=True, slots=True)
class Situation:
    """How far along the user is."""

    redis_problem: str | None = None
    workers: int = 0
    accounts: int = 0
    held: int = 0
    messages: int = 0


def tell_next_step() -> None:
    """Raises SettingsError."""
    for line in next_step(_situation()):
        output.note(line)


def next_step(found: Situation) -> list[str]:
    """Pure: the advice for a situation."""
    if found.redis_problem:
        return [
            found.redis_problem,
            "To look around without any set-up: `pec demo`. All commands: `pec --help`.",
        ]
    if not found.workers and not found.accounts:
        return [
            "Redis answers, but no mailbox is configured: set PEC_API__TOKEN and PEC_ACCOUNTS__<NAME>__SENDER, "
            "__USERNAME, __PASSWORD, or write them into pec.toml.",
            "To try without one: `pec demo`. All commands: `pec --help`.",
        ]
    if not found.workers:
        return ["No worker is running: start one with `pec worker`, and check the set-up with `pec doctor`."]
    if found.held:
        return [f"{found.held} held messages wait for a decision: `pec list --state held`."]
    if not found.messages:
        return ["All is ready: send a first message, see `pec send --help`."]
    return ["`pec status` shows where everything stands. All commands: `pec --help`."]


def _situation() -> Situation:
    try:
        with open_session() as session:
            counts = records.counts(session.store)
            return Situation(
                workers=len(heartbeat.live(session.store, "worker")),
                accounts=len(session.settings.accounts),
                held=counts[State.HELD],
                messages=sum(counts.values()),
            )
    except RedisUnreachable as error:
        return Situation(redis_problem=str(error))
