"""Tokens that another program uses too, so that the API refuses both as too fast. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from config.texts import _
from pec.operations.status.findings import Finding, Mark
from pec.operations.status.overview import Overview, Token
from pec.operations.status.progress import clock

SHOWN = timedelta(days=1)


def shared_tokens(found: Overview) -> Iterator[Finding]:
    """Yield the tokens that another namespace of this Redis uses, and those that seem to be used elsewhere.

    Installations with a Redis of their own can't see each other: the API's refusals are all that shows it.
    """
    for token in found.tokens.values():
        if token.other_namespaces:
            what = _(
                "token {digest} is used by the namespace {names} too: together they send faster than the API allows"
            ).format(digest=token.digest, names=", ".join(token.other_namespaces))
            yield Finding(Mark.FAIL, what, _("give each installation a token of its own"))
        elif token.refused_often_at and found.now - token.refused_often_at < SHOWN:
            yield _refused(token, found)


def _refused(token: Token, found: Overview) -> Finding:
    assert token.refused_often_at  # noqa: S101 - its only caller looked
    what = _(
        "token {digest}: the API refused a fifth of the sends as too fast (429), last at {time} in Rome: another "
        "program uses this token, or the API allows less than PEC_API__RATE"
    ).format(digest=token.digest, time=clock(token.refused_often_at, found.now))
    remedy = _("give each program a token of its own, or divide the rate among them with PEC_API__RATE")
    return Finding(Mark.WARN, what, remedy)
