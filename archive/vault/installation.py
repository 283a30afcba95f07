"""Agreement of an installation on its archive: Redis keeps the id of the one that was used first."""

from archive.vault.vault import Agree
from pec.store.store import Store, text

FIELD = "archive"


def agreed_in(store: Store) -> Agree:
    """Return what `Vault` asks for the id of the installation's archive. It raises Redis's errors."""

    def agree(found: str | None) -> str | None:
        key = store.keys.installation
        if found is not None:
            store.client.hsetnx(key, FIELD, found)
        known = store.client.hget(key, FIELD)
        return text(known) if known is not None else None

    return agree
