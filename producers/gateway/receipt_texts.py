"""Texts of receipts for clients that ask again and again: the archive is read once for each that it holds."""

from functools import lru_cache

from archive.contents import original
from archive.receipt_texts import text_in
from archive.vault import Vault, VaultError
from pec.originals import Original
from pec.receipts import Receipt

_MAX_KEPT = 1024  # half a kilobyte each, mostly


def text_or_why(receipt: Receipt, vault: Vault | None) -> tuple[str | None, str]:
    """Return the text of a receipt, if it has one, and "" or why the archive does not give it."""
    try:
        return text_of(receipt, vault), ""
    except VaultError as error:
        return None, str(error)


def text_of(receipt: Receipt, vault: Vault | None) -> str | None:
    """Return the text of a receipt, if it has one. Raise Missing, Altered or VaultAway."""
    if receipt.original is None or receipt.text is not None:
        return receipt.text or None
    return _archived(vault, receipt.original)


@lru_cache(_MAX_KEPT)  # what has this SHA-256 never changes, and an error is not kept
def _archived(vault: Vault | None, known: Original) -> str | None:
    return text_in(original(vault, known))
