"""Secrets that would show, and how a test connects and sends: what the tests of this folder use."""

from collections.abc import Callable

from pec.api.client import PecClient
from pec.api.transport import CheckOpen

PASSWORD, TOKEN = 'pà/ss "wörd€"', "tok+en/=="
Connect = Callable[..., PecClient]


def at_once(check_open: CheckOpen) -> None:
    check_open()
