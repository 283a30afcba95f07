"""Mailboxes that IMAP does not read, so that no signed original of their receipts can come."""

from collections.abc import Iterable

from pec.store import imap_state, records
from pec.store.imap_state import ImapState
from pec.store.store import Store


def accounts_without_imap(store: Store, message_ids: Iterable[str]) -> list[str]:
    """Return the accounts of these messages whose mailboxes no worker has read by IMAP, or tried to."""
    names = {one.account for one in records.read_all(store, message_ids)}
    states = imap_state.states_of(store, names)
    return sorted(name for name, state in states.items() if state == ImapState())
