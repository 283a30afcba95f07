"""The content of PECs, wherever its bytes are: in Redis, or in the archive."""

from collections.abc import Iterable

from archive.vault import CONTENT, EML, Vault, VaultAway
from pec.originals import Original
from pec.store import records
from pec.store.store import Store

MAX_BYTES_IN_REDIS = 32_768  # larger content goes to the archive, if there is one, before its job is taken


def read(store: Store, vault: Vault | None, digests: Iterable[str]) -> dict[str, bytes]:
    """Return contents by SHA-256: what Redis holds in one round trip, the others from the archive.

    Raise KeyError for content that Redis lost and no archive can hold; Missing, Altered or VaultAway of the archive.
    """
    found = records.contents(store, digests)
    return {
        digest: _archived(store, vault, digest) if data is None else data for digest, data in found.items()
    }


def original(vault: Vault | None, known: Original) -> bytes:
    """Return a receipt as it was signed. Raise Missing, Altered or VaultAway."""
    if vault is None:
        raise VaultAway("no_archive_for_original")
    return vault.get(known.sha256, EML)


def _archived(store: Store, vault: Vault | None, digest: str) -> bytes:
    if vault:
        return vault.get(digest, CONTENT)
    if records.is_archived(store, digest):
        raise VaultAway("no_archive_for_content")
    raise KeyError(digest)
