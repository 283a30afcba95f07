"""Turns a mail whose signature holds into the receipt that moves a message: only what was signed counts."""

from dataclasses import replace

from archive import chain
from archive.chain import PROVIDER_MAILBOX
from archive.daticert import Daticert
from archive.signatures import Verdict, Verification, Why
from pec.domains import compared
from pec.originals import Original
from pec.provider_text import (
    WORDS_READ,
    Named,
    is_final_notice,
    provider_words,
    recipients_in,
    status_code_in,
)
from pec.receipts import Kind, Receipt
from pec.subjects import is_code

NOT_A_PROVIDER = (
    Why.NO_PROVIDER,
    Why.NOT_FOR_MAIL,
    Why.NAMES_NOT_ALLOWED,
)  # the authority is known, the signer wrong
_FOR_USERS = {str(kind): kind for kind in Kind}
_ABOUT_ALL_RECIPIENTS = (Kind.ACCETTAZIONE, Kind.NON_ACCETTAZIONE)
_CERTIFIED = {"certificato": True, "esterno": False}
_NO_ERROR, _VIRUS = "nessuno", "virus"


def receipt_of(found: Verification) -> Receipt | None:
    """Return the receipt that the mail is, or None if it is none for the sender, or quotes no code.

    The mail is a receipt if its signature holds, and a mailbox of a provider signed it. Its authority may be unknown:
    then the original is `intact`.
    """
    facts, signer = found.daticert, _signer(found)
    if facts is None or signer is None or facts.kind not in _FOR_USERS:
        return None
    quoted, _, code = facts.subject.rpartition(" ")
    return _receipt(found, facts, signer, quoted.strip(), code) if is_code(code) else None


def is_trusted(found: Verification) -> bool:
    """Return whether what is signed was not changed, by a mailbox of a provider that nothing speaks against."""
    return _signer(found) is not None


def _signer(found: Verification) -> str | None:
    """Return the address of the provider that signed, or None."""
    if found.signer is None or found.why in NOT_A_PROVIDER:
        return None
    if found.verdict not in (Verdict.VERIFIED, Verdict.INTACT):
        return None
    try:
        named = chain.addresses(found.signer)
    except Exception:  # a malformed certificate, which the path builder refused for its own reasons
        return None
    return named[0] if len(named) == 1 and named[0].startswith(f"{PROVIDER_MAILBOX}@") else None


def _receipt(found: Verification, facts: Daticert, signer: str, quoted: str, code: str) -> Receipt:
    kind = _FOR_USERS[facts.kind]
    _, rest = recipients_in(provider_words(found.text or "", quoted, code, maybe_body=False))
    words = f"{facts.error_text} {rest[:WORDS_READ]}"
    error = status_code_in(words) if facts.error != _NO_ERROR or facts.error_text else None
    return Receipt(
        kind=kind,
        subject=quoted,
        code=code,
        date=facts.dated_at or found.signed_at,
        virus=facts.error == _VIRUS,
        named=_named(kind, facts),
        final=is_final_notice(words, error) if kind is Kind.PREAVVISO else None,
        error=error,
        text=None if _has_text(found) else "",
        sender=signer,
        original=Original(
            sha256=found.sha256,
            size=found.size,
            verdict=str(found.verdict),
            identificativo=facts.identificativo.strip("<>"),
            signed_at=found.signed_at,
        ),
    )


def without_original(receipt: Receipt, found: Verification) -> Receipt:
    """Return the receipt with its text in place of its original, which the archive does not hold."""
    return replace(receipt, original=None, text=found.text if _has_text(found) else None)


def _has_text(found: Verification) -> bool:
    return bool(found.text and found.text.strip())


def _named(kind: Kind, facts: Daticert) -> tuple[Named, ...]:
    everyone = tuple(Named(one.address, _CERTIFIED.get(one.type)) for one in facts.recipients)
    if kind in _ABOUT_ALL_RECIPIENTS:
        return everyone
    if not facts.delivered_to:
        return everyone if len(everyone) == 1 else ()
    wanted = compared(facts.delivered_to)
    return tuple(one for one in everyone if compared(one.address) == wanted) or (
        Named(facts.delivered_to, None),
    )
