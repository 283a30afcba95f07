"""The texts of failed deliveries by their code: for workers that give one up, and for readers of dead letters."""

import json
from collections.abc import Mapping
from typing import Any

from config.foreign_words import foreign_words
from config.texts import Text, _
from pec.webhooks.outcomes import Failed

_TEXTS = {
    "status": _("answered {status}"),
    "redirect": _("answered {status}: redirects are not followed, set the address it leads to"),
    "too_late": _("no answer within {seconds} s"),
    "no_such_name": _("its name can't be resolved"),
    "unusable_url": _("its URL can't be used"),
    "private_address": _(
        "{address} is not a public address: set PEC_WEBHOOKS__ALLOW_PRIVATE=true to deliver to it"
    ),
    "garbled": _("its answer is garbled: {kind}"),
    "tls": Text("TLS: {cause}"),
    "network": Text("{cause}"),
}


def failed(
    code: str, /, *, status: int | None = None, retry_after_seconds: float | None = None, **details: Any
) -> Failed:
    """Return the failure of this code, worded in English."""
    known = details if status is None else {"status": status, **details}
    return Failed(_text(code, known), status, retry_after_seconds, code, known)


def stored_why(fields: Mapping[str, str]) -> str:
    """Return why a dead letter was given up, by its code; an older letter, or a newer version's, has its own words."""
    try:
        return _text(fields["code"], json.loads(fields["details"]))
    except (KeyError, TypeError, ValueError):
        return fields["why"]


def _text(code: str, details: Mapping[str, Any]) -> Text:
    quoted = {name: foreign_words(said) for name, said in details.items() if name == "cause"}
    return _TEXTS[code].format(**{**details, **quoted})
