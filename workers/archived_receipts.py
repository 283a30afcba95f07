"""The receipts that were archived since a backup. After a restore they show sends that Redis does not know.

Their mails may have left the mailbox, so that a search there would prove nothing.
"""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from archive.vault import Vault
from pec.domains import compared
from pec.receipts import Receipt

if TYPE_CHECKING:
    from archive.chain import Profile

CLOCKS = timedelta(minutes=10)  # between the clock of the archive and that of Redis


class ArchivedReceipts:
    """Read once for each restore, and shared by the threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: datetime | None = None
        self._found: Mapping[str, Sequence[Receipt]] = {}
        self._replayed: set[str] = set()

    def of(
        self, sender: str, vault: Vault, profiles: "Sequence[Profile]", since: datetime
    ) -> Sequence[Receipt]:
        """Return the receipts of the PECs of a sender that were archived since then. Raise VaultAway."""
        with self._lock:
            if self._since != since:
                self._found = _read(vault, profiles, since)
                self._since = since
                self._replayed.clear()
        return self._found.get(compared(sender), ())

    def is_replayed(self, account: str, since: datetime) -> bool:
        """Return whether this process has replayed the receipts of an account since this restore."""
        with self._lock:
            return self._since == since and account in self._replayed

    def note_replayed(self, account: str) -> None:
        with self._lock:
            self._replayed.add(account)


def _read(vault: Vault, profiles: "Sequence[Profile]", since: datetime) -> Mapping[str, Sequence[Receipt]]:
    from archive.certified import receipt_of  # with cryptography, once after a restore
    from archive.signatures import verify

    found: defaultdict[str, list[Receipt]] = defaultdict(list)
    for raw in vault.mails_since(since - CLOCKS):
        verification = verify(raw, profiles)
        receipt = receipt_of(verification)
        if receipt and verification.daticert:
            found[compared(verification.daticert.sender)].append(receipt)
    return dict(found)
