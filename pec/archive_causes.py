"""The texts of why the archive can't be used, and what to do then, by a code that Redis keeps."""

import json
from collections.abc import Mapping

from config.foreign_words import foreign_words
from config.texts import Text, _

_CANT_BE_USED = _("the archive {place} can't be used ({why})")
_WITHIN = _("let the user of the workers write there")
_BY_SYSTEM = {  # `why` is in the system's words
    "disk_full": _("make room on its disk"),
    "over_quota": _("make room in its quota"),
    "read_only": _("mount it for writing"),
    "not_permitted": _WITHIN,
    "no_folder": _("make the folder above it, or mount its disk"),
    "no_directory": _("name a folder in PEC_ARCHIVE__URL"),
    "disk": _("see the system's log"),
    "storage": _("check the storage"),
}
_BY_STORAGE = {
    "no_bucket": (_("there is no such bucket"), _("make it, or correct PEC_ARCHIVE__URL")),
    "unknown_key": (_("the access key is unknown"), _("correct PEC_ARCHIVE__S3__ACCESS_KEY_ID")),
    "wrong_secret": (_("the secret key is wrong"), _("correct PEC_ARCHIVE__S3__SECRET_ACCESS_KEY")),
    "certificate": (
        _("its certificate is not trusted"),
        _("name the server as its certificate does, or name its authority in SSL_CERT_FILE"),
    ),
    "no_answer": (_("nothing answers"), _("check PEC_ARCHIVE__S3__ENDPOINT and the network")),
    "too_slow": (_("it does not answer in time"), _("check the storage and the network")),
    "denied": (
        _("access is denied"),
        _("allow GetObject, PutObject and DeleteObject for this key"),
    ),
}
_SAME = _("set PEC_ARCHIVE__URL as the workers have it")
_OTHERS = {
    "other_bytes": (_("the archive {place} gives back other bytes than were put"), _("check its disk")),
    "no_identity": (
        _("{place} is not the archive that was used so far"),
        _("mount it, or correct PEC_ARCHIVE__URL (the file {name} of that archive holds {wanted})"),
    ),
    "other_identity": (
        _("{place} is another archive than the one used so far"),
        _("correct PEC_ARCHIVE__URL (its file {name} holds {found}, not {wanted})"),
    ),
    "no_archive_for_content": (_("content is in the archive, and this process has none"), _SAME),
    "no_archive_for_original": (
        _("the original of a receipt is in the archive, and this process has none"),
        _SAME,
    ),
}


def archive_cause(code: str, details: Mapping[str, str]) -> tuple[Text, Text]:
    """Return what happened and what to do. Raise KeyError if this version does not know the code or misses a detail."""
    if code in _BY_SYSTEM:
        why: str = foreign_words(details["why"])
        return _CANT_BE_USED.format(place=details["place"], why=why), _BY_SYSTEM[code]
    if code in _BY_STORAGE:
        why, remedy = _BY_STORAGE[code]
        return _CANT_BE_USED.format(place=details["place"], why=why), remedy
    what, remedy = _OTHERS[code]
    return what.format(**details), remedy.format(**details)


def reported_cause(said: str, stored: str) -> tuple[str, str]:
    """Return the same of what a worker reported: in English, and its code with details as JSON, if it gave one."""
    try:
        details = json.loads(stored)
        return archive_cause(details.pop("cause"), details)
    except (ValueError, KeyError, TypeError, AttributeError):  # another version's
        what, _colon, remedy = said.partition(": ")
        return what, remedy
