"""Agreement of an installation on its archive: Redis keeps the id of the one that was used first."""

from archive.vault.vault import Agree, Vault
from config.settings import Archive
from pec.store.store import Store, text

FIELD = "archive"


def open_vault(rules: Archive, store: Store) -> Vault | None:
    """Return the installation's archive, or None if the settings name none. Nothing is read or written yet."""
    return Vault.open(rules, agreed_in(store))


def agreed_in(store: Store) -> Agree:
    """Return what `Vault` asks for the id of the installation's archive. It raises Redis's errors."""

    def agree(found: str | None) -> str | None:
        key = store.keys.installation
        if found is not None:
            store.client.hsetnx(key, FIELD, found)
        known = store.client.hget(key, FIELD)
        return text(known) if known is not None else None

    return agree
