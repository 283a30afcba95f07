"""The message and exit code of each error of the command."""

from enum import IntEnum
from typing import IO, Any

import click

from cli.language import translated
from config.texts import Text, _, joined

_ITS_OWN = Text("{error}")  # the error's words say what to do


class Exit(IntEnum):
    """Exit codes."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    REJECTED = 3
    UNREACHABLE = 4
    CREDENTIALS = 5
    UNDELIVERED = 6
    UNVERIFIED = 6  # the same code: not everything is as it was hoped for
    TIMED_OUT = 124
    INTERRUPTED = 130


class Failure(click.ClickException):
    """An error for a person, remedy included, on stderr. With an empty text, nothing is printed."""

    def __init__(self, text: str, code: Exit) -> None:
        super().__init__(text)
        self._code = code

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # click keeps it in the class
        return self._code

    def show(self, file: IO[Any] | None = None) -> None:
        for line in self.message.splitlines():
            click.secho(f"pec: {line}", err=True, fg="red")


def worded(error: Exception) -> click.ClickException | None:
    """Return the error with its message for people, or None if it is not one of ours."""
    if isinstance(error, click.ClickException):
        return error
    if isinstance(error, click.Abort):
        return Failure("", Exit.INTERRUPTED)
    return _of_ours(error)


def show_failure(error: click.ClickException) -> None:
    """Print the error on stderr, in the reader's language."""
    error.message = translated(error.message)  # type: ignore[misc]  # click shows only what it holds itself
    error.show()


def _of_ours(error: Exception) -> Failure | None:
    from config.redis_connection import cause_of

    for kind, code, text in _table():
        if isinstance(error, kind):
            why = cause_of(error)
            return Failure(text.format(error=why, why=why) if text else rejection(error), code)
    return None


def _table() -> list[tuple[type[Exception], Exit, str]]:
    """Return the errors by type; the first that fits counts. Their import takes 0.2 s, so it is done only here."""
    import redis

    from archive.trust import AnchorsError
    from archive.vault import VaultAway
    from cli.demo.stack import StackError
    from config.redis_connection import MAY_NOT, RedisRefused, RedisUnreachable
    from config.settings import SettingsError
    from pec.jobs import JobRejected
    from pec.messages import UnsupportedRecord
    from pec.operations.refusals import Contended, Refused
    from sandbox.redis_server import EmbeddedServerError

    return [
        (SettingsError, Exit.USAGE, _ITS_OWN),
        (AnchorsError, Exit.USAGE, _ITS_OWN),
        (VaultAway, Exit.UNREACHABLE, _ITS_OWN),
        (JobRejected, Exit.REJECTED, ""),
        (Refused, Exit.REJECTED, _ITS_OWN),
        (RedisRefused, Exit.CREDENTIALS, _ITS_OWN),
        (RedisUnreachable, Exit.UNREACHABLE, _ITS_OWN),
        (redis.exceptions.NoPermissionError, Exit.CREDENTIALS, MAY_NOT),
        (redis.RedisError, Exit.UNREACHABLE, _("Redis gave no usable answer ({error}): run `pec doctor`")),
        (TimeoutError, Exit.TIMED_OUT, _("{error}: nothing was cancelled, `pec status` shows what waits")),
        (UnsupportedRecord, Exit.UNEXPECTED, _("{error}: a newer version wrote it, upgrade this one")),
        (EmbeddedServerError, Exit.UNEXPECTED, _("the demo has no server: {error}")),
        (
            StackError,
            Exit.UNEXPECTED,
            _("{error}\nTry again, and report what stands above if it happens again."),
        ),
        (Contended, Exit.UNEXPECTED, _ITS_OWN),
    ]


def rejection(error: Any) -> str:
    """Return a line for each problem of a JobRejected."""
    return joined(
        "\n",
        [
            _("rejected: {field}: {reason}").format(field=problem.field, reason=problem.reason)
            for problem in error.problems
        ],
    )
