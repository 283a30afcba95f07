"""The texts of receipts, wherever they are: Redis keeps those that the API showed, an original holds its own."""

from dataclasses import replace

from archive import contents
from archive.signatures import verify
from archive.vault import Vault, VaultError
from pec.receipts import Receipt


def text_in(original: bytes) -> str | None:
    """Return the text of a signed mail, or None if it has none."""
    text = verify(original, ()).text
    return text if text and text.strip() else None


def with_text(receipt: Receipt, vault: Vault | None) -> Receipt:
    """Return the receipt with its text, read from its original if need be. Raise Missing, Altered or VaultAway."""
    if receipt.original is None or receipt.text is not None:
        return receipt
    return replace(receipt, text=text_in(contents.original(vault, receipt.original)))


def text_or_why(receipt: Receipt, vault: Vault | None) -> tuple[str | None, str]:
    """Return the text of a receipt, if it has one, and "" or why the archive does not give it."""
    try:
        return with_text(receipt, vault).text or None, ""
    except VaultError as error:
        return None, str(error)
