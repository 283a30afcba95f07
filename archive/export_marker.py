"""Mark the messages whose proof is on disk, so that retention may delete them, and no others."""

import os
import sqlite3

from config.settings import Retention
from pec.instants import from_epoch
from pec.messages import Message
from pec.store import records, retention
from pec.store.store import Store


class ExportMarker:
    """Messages that stand whole in a folder of proof, at the version that was written."""

    def __init__(self) -> None:
        self._versions = sqlite3.connect("")  # a private temporary file
        self._versions.execute("CREATE TABLE versions (id TEXT PRIMARY KEY, version INTEGER) WITHOUT ROWID")

    def add(self, message: Message) -> None:
        if message.ended:
            self._versions.execute(
                "INSERT OR REPLACE INTO versions VALUES (?, ?)", (message.id, message.version)
            )

    def mark(self, store: Store, rules: Retention) -> None:
        """Mark the messages as exported, once all files are written. One that changed since then is not marked."""
        os.sync()  # what Redis may forget must be on disk, whatever happens to the power
        written = self._versions.execute("SELECT id, version FROM versions")
        while some := dict(written.fetchmany(retention.CHUNK)):
            found = records.read_all(store, some)
            unchanged = [message for message in found if message.version == some[message.id]]
            retention.mark_exported(store, unchanged, from_epoch(store.now()), rules)

    def close(self) -> None:
        self._versions.close()
