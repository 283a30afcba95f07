"""The problems of a job: where, a stable code, and the text of that code, by which the command line translates it.

A rejection in Redis may be of another version. If its code or a detail is not known here, its own words count.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as spec
from typing import Any

from pydantic_core import PydanticCustomError

from config.texts import Text, _, ngettext
from pec.names import State

_TEXTS = {
    # the whole job
    "not_json": _("is not JSON (UTF-8): send one JSON object"),
    "not_a_job": _('must be a JSON object such as {"type": "send", …}'),
    "nested_too_deeply": _("is nested too deeply: make it flatter"),
    "unknown_type": _("must be one of {names}"),
    "repeated_field": _("stands twice in the job: write it once"),
    "missing_field": _("is missing: add it"),
    "stray_field": _("is not a field here: remove it"),
    "unknown_field": _("is not a field of a {type} job: remove it"),
    "misspelt_field": _("is not a field of a {type} job: did you mean {near}?"),
    "credentials_in_job": _("a job carries no credentials: name an account, and configure the worker"),
    # kinds of values
    "not_a_string": _("must be a string"),
    "half_character": _("holds half a character (a lone surrogate): write whole ones"),
    "not_a_whole_number": _("must be a whole number"),
    "not_a_boolean": _("must be true or false"),
    "not_an_object": _("must be a JSON object"),
    "not_a_list": _("must be a list"),
    "other_value": _("must be {expected}"),
    "string_too_long": _("is longer than {max_length} characters: shorten it"),
    "empty": _("is empty: fill it in"),
    "too_many_entries": _("has more than {max_length} entries: use several jobs"),
    "too_small": _("must be {ge} or more"),
    "too_great": _("must be {le} or less"),
    "no_offset": _("needs an offset: write it as 2026-11-23T09:30:00+01:00"),
    "not_an_instant": _("is not an RFC 3339 instant such as 2026-11-23T09:30:00+01:00"),
    "other_form": _("has another form than the contract asks: see docs/contract.md"),
    "not_an_id": _("use 1 to 128 letters, digits, '.', '_', ':' and '-'"),
    "not_an_account": _("use the name of a configured mailbox, in lower case"),
    "not_a_sha256": _("must be 64 hexadecimal digits, in lower case"),
    "not_a_code": _("must be the code that the API gave: its time as 14 digits, and 1 to 6 more"),
    # addresses
    "not_an_address": _("is not an e-mail address such as name@pec.example.it"),
    "no_such_domain": _("has a domain that no international domain name (IDN) can be: check its spelling"),
    "accented_address": _("has a letter before the @ that no PEC address can have: write it without accents"),
    "not_addresses": _("must be an address, or a list of addresses"),
    "repeated_address": _("the same address stands twice in the list: it would be notified twice"),
    # content
    "empty_subject": _("is empty: say what the message is about"),
    "control_character": _("has a line break or control character: write it on one line"),
    "empty_body": _("is empty: write the message, in HTML"),
    "not_a_body": _('must be HTML text, or {"sha256": …} of uploaded HTML'),
    "not_a_file_name": _("must be a file's name, without folders or control characters"),
    "file_or_sha256": _("needs either file (base64) or sha256 (of uploaded bytes), one of the two"),
    "not_base64": _("is not base64: encode the file's bytes as base64"),
    "not_a_base64_uri": _("is a data URI without ;base64: encode the file as base64"),
    "upload_missing": _("no bytes at {key}: put them there, then enqueue the job again"),
    "upload_altered": _("the bytes at {key} have another SHA-256: put the right ones there"),
    "message_too_big": _(
        "the message is {megabytes} MB once encoded; at most {max_megabytes} MB may be sent: "
        "make the attachments smaller or send a link (PEC_API__MAX_BYTES)"
    ),
    "message_too_big_together": _(
        "the message is {megabytes} MB once encoded times {recipients} recipients; at most {max_megabytes} MB "
        "may be sent: make the attachments smaller or send a link (PEC_API__MAX_BYTES)"
    ),
    # other fields
    "metadata_not_json": _("holds NaN, Infinity or half a character, which JSON can't: leave it out"),
    "metadata_too_big": _("is larger than {max_bytes} bytes: keep it in your own database"),
    "not_after_too_early": _("must be later than not_before"),
    "id_or_batch": _("needs either id or batch, one of the two"),
    "unknown_account": _(
        "is not configured on any live worker (known: {names}): use one of them, or configure it"
    ),
    "no_account_known": _("is not configured on any live worker: configure it, and start a worker"),
    "unknown_endpoint": _(
        "is not the name of a configured endpoint (known: {names}): use one of them, or configure it"
    ),
    "no_endpoint_known": _("is not the name of a configured endpoint: configure it"),
    "id_used": _(
        "was used before for a job with other content: nothing is sent twice; use a new id for a new message"
    ),
    # the entry in the stream
    "no_job_field": _("the entry has no field `job`: XADD … * job '{…}'"),
    "several_job_fields": ngettext(
        "the entry has {count} field `job`",
        "the entry has {count} fields `job`: add an entry for each job",
        2,  # or more
    ),
    "not_taken": _("could not be taken in {tries} tries: see the workers' log"),
    # cancelling, resending, discarding
    "not_queued": _("{id} is {state}: only a message that is still queued can be cancelled"),
    "not_held_to_resend": _("{id} is {state}: only a held message can be sent again"),
    "not_held_to_discard": _("{id} is {state}: only a held message can be discarded"),
    "still_searched": _("{id} is still being looked for in the mailbox: wait until it is found, or held"),
    "of_a_newer_version": _("{id} was written by a newer version: upgrade the workers, then cancel"),
    "cancel_after_restore": _(
        "its message may have been sent since the backup: cancel it again once workers run without --reconcile"
    ),
}
CODES = frozenset(_TEXTS)


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of one field of a job: where it is, and why it is one, with the remedy. `code` is "" outside jobs."""

    field: str
    reason: str
    code: str = ""
    details: Mapping[str, Any] = spec(default_factory=dict, hash=False)

    def as_dict(self) -> dict[str, Any]:
        known = {"code": self.code, "details": dict(self.details)} if self.code else {}
        return {"field": self.field, "reason": self.reason, **known}


def problem(field: str, code: str, /, **details: Any) -> Problem:
    """Return the problem of this code, described in English."""
    return Problem(field, _text(code, details), code, details)


def stored_problem(found: Mapping[str, Any]) -> Problem:
    """Return a problem that Redis keeps, with a text that can be translated if this version knows the code."""
    code, details = found.get("code", ""), found.get("details") or {}
    try:
        reason: str = _text(code, details)
    except (KeyError, TypeError, ValueError):
        reason = found["reason"]
    return Problem(found["field"], reason, code, details)


def fault(code: str, /, **details: Any) -> PydanticCustomError:
    """Return the error for a validator to raise. `field`: where it is, if not where the validator stands."""
    return PydanticCustomError(code, "{words}", {"words": str(_text(code, details)), **details})


def _text(code: str, details: Mapping[str, Any]) -> Text:
    text = _TEXTS[code]
    if not details:
        return text
    return text.format(
        **{name: State(value) if name == "state" else value for name, value in details.items()}
    )
