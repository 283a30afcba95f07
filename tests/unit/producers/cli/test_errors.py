"""What is said of an error, and the exit code."""

import pytest

from config.embedded import EmbeddedServerError
from config.settings import SettingsError
from pec.api.errors import Denied, Unknown
from pec.jobs import JobRejected, Problem
from producers.cli.errors import Exit, worded
from producers.demo.scene import SceneError


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (SettingsError("PEC_LEASE: must be more"), Exit.USAGE, "PEC_LEASE: must be more"),
        (JobRejected([Problem("id", "is missing")]), Exit.REJECTED, "rejected: id: is missing"),
        (Denied("wallet", "it is empty"), Exit.CREDENTIALS, "`pec doctor`"),
        (Unknown("reset", "no answer"), Exit.UNREACHABLE, "`pec doctor`"),
        (TimeoutError("2 have not ended in time"), Exit.TIMED_OUT, "`pec status`"),
        (EmbeddedServerError("no redis-server on PATH: install one"), Exit.UNEXPECTED, "install one"),
        (SceneError("the sandbox did not start: log"), Exit.UNEXPECTED, "Try again"),
    ],
)
def test_an_error_has_words_with_a_remedy_and_an_exit_code(error: Exception, code: Exit, said: str) -> None:
    told = worded(error)

    assert told is not None
    assert told.exit_code == code
    assert said in told.message


def test_a_fault_of_our_own_has_no_words() -> None:
    assert worded(AssertionError("a bug")) is None
