"""The message and the exit code of each error."""

import pytest

from cli.demo.stack import StackError
from cli.errors import Exit, worded
from config.settings import SettingsError
from pec.jobs import JobRejected
from pec.operations.refusals import Contended
from pec.problems import Problem
from sandbox.redis_server import EmbeddedServerError


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (SettingsError("PEC_LEASE_SECONDS: must be more"), Exit.USAGE, "PEC_LEASE_SECONDS: must be more"),
        (JobRejected([Problem("id", "is missing")]), Exit.REJECTED, "rejected: id: is missing"),
        (Contended("others keep changing this message: try again"), Exit.UNEXPECTED, "try again"),
        (TimeoutError("2 have not ended in time"), Exit.TIMED_OUT, "`pec status`"),
        (EmbeddedServerError("no redis-server on PATH: install one"), Exit.UNEXPECTED, "install one"),
        (StackError("the sandbox did not start: log"), Exit.UNEXPECTED, "Try again"),
    ],
)
def test_an_error_has_words_with_a_remedy_and_an_exit_code(error: Exception, code: Exit, said: str) -> None:
    failure = worded(error)

    assert failure is not None
    assert failure.exit_code == code
    assert said in failure.message


def test_a_fault_of_our_own_has_no_words() -> None:
    assert worded(AssertionError("a bug")) is None
