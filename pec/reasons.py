"""The texts of reasons by their code: workers write a reason with them, and the command line translates it by them.

A reason in Redis may be of another version. If its code or a detail is not known here, its own description counts.
"""

from collections.abc import Mapping
from typing import Any

from config.foreign_words import foreign_words
from config.texts import Text, _, joined, ngettext
from pec.archive_causes import archive_cause
from pec.messages import Reason
from pec.status_codes import explained, meaning_of

_REFUSED = _("the sender's provider refused the message")
_NOT_DELIVERED = _("the recipient's provider did not deliver it")
_TEXTS = {
    # before a send
    "operator": _("paused by an operator"),
    "cancelled": _("cancelled before it was sent"),
    "not_sent_in_time": _("its not_after passed before it could be sent"),
    "content_missing": _(
        "its body or an attachment is no longer in Redis: enqueue it again, with another id"
    ),
    "content_altered": _(
        "{name} in the archive {place} was altered: put it back from a backup, then `pec resend {id}`; "
        "or `pec discard {id}`"
    ),
    "archive_away": _("the archive can't be used: {why}"),  # of older versions, which had no codes
    "mailbox_full": _(
        "the mailbox is {percent} full: archive and delete receipts, or ask the provider for more room"
    ),
    "mailbox_filling": _(
        "the mailbox is {percent} full, and receipts on their way may take {expected} MB: archive and delete "
        "receipts, or ask the provider for more room"
    ),
    "mailbox_too_small": _(
        "its receipts may take {needed} MB, and sends may fill its mailbox up to {available} MB: ask the provider for "
        "more room, then `pec resend {id}`; or `pec discard {id}`"
    ),
    "mailbox_unavailable": _("its mailbox can't be searched before it is sent: {why}"),
    "perhaps_sent": _(
        "it may have been sent since the backup ({why}): look into the mailbox, then `pec discard {id}`, "
        "or `pec resend {id}` once workers run without --reconcile"
    ),
    # after a lost answer
    "worker_lost": _("the worker that was sending it died or hung: it may have been sent, or not"),
    "code_repeated": _("the API gave it a code that belongs to another message"),
    "discarded": _("given up by an operator after its answer was lost"),
    # of receipts
    "not_accepted": _REFUSED,
    "not_delivered": _NOT_DELIVERED,
    "delivery_timeout": _(
        "not delivered within 24 hours (AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO)"
    ),
    "ordinary_mail": _("the recipient is ordinary mail, not PEC: no CONSEGNA will come"),
    "no_final_receipt": _("nothing final came in time; a late receipt is still taken"),
    "delivery_delayed": _("not delivered within 12 hours; CONSEGNA or a final notice follows"),
    # answers of the API
    "invalid": _("the API refuses the request"),
    "credentials": _("the API refuses the token or the credentials"),
    "wallet": _("the API's wallet is empty"),
    "scope": _("the token lacks the scope"),
    "rate_limited": _("the API asks for a slower pace"),
    "missing": _("the API has no such thing"),
    "no_code": _("the API gave no code"),
    "unsuccessful": _("the API reports no success"),
    "status": _("the API answered {status}"),
    "hung_up": _("the API closed the connection before the request"),
}
_SHAPES = {
    "mails": _("the API sent neither a list nor an object of mails"),
    "mail": _("the API sent no message where one is meant"),
    "quota": _("the API sent no numbers where a quota is meant"),
}
_NO_HEADER = _("the token, user name or password can't stand in a header")
_NOT_IN_ARCHIVE = _(
    "the archive {place} does not hold {name}: put it back from a backup, then `pec resend {id}`; "
    "or `pec discard {id}`"
)
_CONNECTIONS = {  # by whether bytes of the request may have left
    False: _("the API can't be reached: {why}"),
    True: _("no usable answer came: {why}"),
}
_BY_RECEIPT = {"non-accettazione": _REFUSED, "errore-consegna": _NOT_DELIVERED}
_WHY_PERHAPS_SENT = {
    "too_many_mails": _("its mailbox has more mails of this subject than can be read"),
    "no_query": _("its subject has nothing to search for"),
    "similar_sent": _("one alike was sent: {code}"),
    "purged": _("receipts may have been deleted from its mailbox since"),
}


def reason_by_code(code: str, /, **details: Any) -> Reason:
    """Return the reason of this code, described in English."""
    return Reason(code, describe(code, details), details)


def describe(code: str, details: Mapping[str, Any]) -> str:
    """Return the text of a code, or the code if it has none."""
    return _known(code, details) or code


def explain(found: Reason) -> str:
    """Return the text of a reason that Redis keeps; its own description if this version does not know its code."""
    known = _known(found.code, found.details)
    return known or explained(found.description, found.details) or found.code


def _known(code: str, details: Mapping[str, Any]) -> Text | None:
    try:
        text = _text(code, details)
        return _continued(text, details)
    except (KeyError, TypeError, ValueError):  # another version's, which has other details
        return None


def _text(code: str, details: Mapping[str, Any]) -> Text:
    match code, details:
        case _, {"may_have_left": bool(left), "cause": str(cause)}:
            return _CONNECTIONS[left].format(why=foreign_words(cause))
        case "shape", {"wanted": str(wanted)}:
            return _SHAPES[wanted]
        case "credentials", {"header": True}:
            return _NO_HEADER
        case "archive_away", {"cause": str(cause)}:
            return joined(": ", archive_cause(cause, details))
        case "content_missing", {"place": str()}:
            return _NOT_IN_ARCHIVE.format(**details)
        case "virus", {"receipt": str(kind)}:
            return _("{what}: a virus was found").format(what=_BY_RECEIPT[kind])
        case "mailbox_full", {"share": float(share) | int(share)}:
            return _full(f"{share:.0%}", details.get("expected_bytes", 0))
        case "not_found", {"searches": int(count)}:
            return ngettext(
                "its answer was lost and {searches} search of the mailbox did not find it: "
                "`pec resend {id}` or `pec discard {id}`",
                "its answer was lost and {searches} searches of the mailbox did not find it: "
                "`pec resend {id}` or `pec discard {id}`",
                count,
            ).format(**details)
        case "perhaps_sent", {"why": str(why)}:
            return _TEXTS[code].format(id=details["id"], why=_WHY_PERHAPS_SENT[why].format(**details))
    return _TEXTS[code].format(**details)


def _full(percent: str, expected_bytes: int) -> Text:
    if not expected_bytes:
        return _TEXTS["mailbox_full"].format(percent=percent)
    return _TEXTS["mailbox_filling"].format(percent=percent, expected=f"{expected_bytes / 1e6:.1f}")


def _continued(text: Text, details: Mapping[str, Any]) -> Text:
    """Return the text with the meaning of a receipt's status code, or with the start of the API's answer."""
    if isinstance(status := details.get("error"), str):
        return joined(": ", (text, meaning_of(status)))
    if isinstance(excerpt := details.get("excerpt"), str) and excerpt:
        return joined(": ", (text, excerpt))
    return text
