"""Bytes that a command writes into a file or to stdout, and the failure if it can't."""

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from archive.atomic_files import atomic_write
from archive.manifest import NotAManifest
from cli.errors import Exit, Failure
from config.foreign_words import system_words
from config.texts import _

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def bytes_to(file: Path | None) -> Iterator[Callable[[bytes], object]]:
    """Yield a function that writes bytes, so that no locale changes them. Raise OSError."""
    if file is None:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    place = file.resolve()  # of a link, what it leads to is written
    if place.exists() and not place.is_file():
        raise OSError(
            errno.EINVAL, _("it is no regular file, leave --output out and redirect stdout"), str(file)
        )
    with atomic_write(place) as opened:
        yield opened.write


def _cannot_write(error: OSError) -> Failure:
    """Return the failure of a command that could not write."""
    place = error.filename or "stdout"
    if error.errno in _NO_ROOM:
        return Failure(
            _("can't write {path} ({why}): make room and try again").format(
                path=place, why=system_words(error)
            ),
            Exit.UNEXPECTED,
        )
    return Failure(
        _("can't write {path} ({why}): name a place you may write to").format(
            path=place, why=system_words(error)
        ),
        Exit.USAGE,
    )


@contextmanager
def writing() -> Iterator[None]:
    """Raise Failure if a file or a folder of proof can't be written."""
    try:
        yield
    except BrokenPipeError:  # the reader of stdout went away
        raise
    except OSError as error:
        raise _cannot_write(error) from None
    except NotAManifest as found:
        raise Failure(
            _("{path} is no list of SHA-256 sums: name another folder").format(path=found), Exit.USAGE
        ) from None
