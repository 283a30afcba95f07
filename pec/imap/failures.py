"""The errors that the libraries raise, turned into those of this package, in the server's words."""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from imaplib import IMAP4
from typing import Any

from pec.imap.errors import FolderMissing, ImapUnavailable, LoginRefused

_TRY_LATER = re.compile(
    r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]|(?:too many|maximum number of) .*connections", re.IGNORECASE
)
_DESCRIBED_CHARACTERS = 200


@contextmanager
def translated(refused: Any = None) -> Iterator[None]:
    """Turn what the libraries raise into the errors of this package. They can hold the password: nothing is chained."""
    try:
        yield
    except (ImapUnavailable, LoginRefused, FolderMissing):
        raise
    except Exception as error:
        failure = _failure(error, refused)
    else:
        return
    raise failure from None


def _failure(error: Exception, refused: Any) -> Exception:
    cause = error.__context__ if isinstance(error, IMAP4.abort) else None
    for one in (error, cause):
        for kind, code in _WORDS:
            if isinstance(one, kind):
                return ImapUnavailable(code, described(str(one)) or code)
    if isinstance(error, IMAP4.error) and not isinstance(error, IMAP4.abort):
        said = described(str(error))
        return refused(said) if refused else ImapUnavailable("refused", said)
    code = "hung_up" if isinstance(error, IMAP4.abort) else "garbled"
    return ImapUnavailable(code, described(str(error)) or code)


_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "certificate"),
    (ssl.SSLError, "tls"),
    (TimeoutError, "timeout"),
    (socket.gaierror, "dns"),
    (ConnectionRefusedError, "not_listening"),
    (EOFError, "hung_up"),
    (ConnectionError, "hung_up"),
    (OSError, "network"),
    (UnicodeError, "garbled"),
)


def refusal(said: str, password: str) -> Exception:
    """Return the error for a login that the server did not accept, without the password."""
    safe = said.replace(password, "…") if password else said
    return ImapUnavailable("busy", safe) if _TRY_LATER.search(said) else LoginRefused(safe)


def described(said: str | bytes) -> str:
    """Return what the server said on one line, without what imaplib puts around bytes."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    if text.startswith(("b'", 'b"')):
        text = text[2:-1]
    return " ".join(text.split())[:_DESCRIBED_CHARACTERS]
