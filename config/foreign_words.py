"""Words of the system and of Redis that our messages quote. They come without another code than themselves."""

from config.texts import Text, _

_KNOWN = {
    str(text): text
    for text in (
        _("Address already in use"),
        _("Connection refused"),
        _("Connection timed out"),
        _("Disk quota exceeded"),
        _("Input/output error"),
        _("Is a directory"),
        _("Network is unreachable"),
        _("No space left on device"),
        _("No such file or directory"),
        _("Not a directory"),
        _("Permission denied"),
        _("Read-only file system"),
        _("Stale file handle"),
        _("Timeout connecting to server"),
        _("Timeout reading from socket"),
        _("Authentication required."),
        _("invalid username-password pair or user is disabled."),
    )
}


def foreign_words(said: str) -> Text | str:
    """Return the words as a text that can be translated; words that are not known here stay as they are."""
    return _KNOWN.get(said, said)


def system_words(error: OSError) -> Text | str:
    """Return what the system says about a failed call."""
    return foreign_words(error.strerror or str(error))
