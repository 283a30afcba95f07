"""The next step that `pec` without a command advises."""

from cli import output
from config.redis_connection import RedisUnreachable
from config.texts import _, ngettext
from pec.operations.session import open_session
from pec.operations.status.situation import Situation, load_situation


def print_next_step() -> None:
    """Print the next thing to do. Raise SettingsError."""
    for line in next_step(_situation()):
        output.note(line)


def next_step(found: Situation) -> list[str]:
    """Return the advice for a situation."""
    if found.redis_problem:
        return [
            found.redis_problem,
            _("To look around without any set-up: `pec demo`. All commands: `pec --help`."),
        ]
    if not found.workers and not found.accounts:
        return [
            _(
                "Redis answers, but no mailbox is configured: set PEC_API__TOKEN and "
                "PEC_ACCOUNTS__<NAME>__SENDER, __USERNAME, __PASSWORD, or write them into pec.toml."
            ),
            _("To try without one: `pec demo`. All commands: `pec --help`."),
        ]
    if not found.workers:
        return [
            _("No worker is running: start one with `pec worker`, and check the set-up with `pec doctor`.")
        ]
    if found.held:
        return [
            ngettext(
                "{count} held message waits for a decision: `pec list --state held`.",
                "{count} held messages wait for a decision: `pec list --state held`.",
                found.held,
            ).format(count=found.held)
        ]
    if not found.messages:
        return [_("All is ready: send a first message, see `pec send --help`.")]
    return [_("`pec status` shows where everything stands. All commands: `pec --help`.")]


def _situation() -> Situation:
    try:
        with open_session() as session:
            return load_situation(session.store, session.settings)
    except RedisUnreachable as error:
        return Situation(redis_problem=str(error))
