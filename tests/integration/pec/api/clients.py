"""Secrets that would show, and how a test connects: what the fixtures of this folder use."""

from collections.abc import Callable

from pec.api.client import PecClient

PASSWORD, TOKEN = 'pà/ss "wörd€"', "tok+en/=="
Connect = Callable[..., PecClient]
