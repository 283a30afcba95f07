"""A mailbox of a real IMAP server, into which a test puts mails, and the worker's context that reads it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from archive.vault import Vault
from archive.vault.folder import Folder
from archive.vault.installation import agreed_in
from config.settings import Settings
from pec.changes import created
from pec.messages import Message
from pec.names import Queue, State
from pec.store import records
from pec.store.commits import commit
from pec.store.records import StoredReceipts
from sandbox.signed_receipts import ReceiptFacts
from tests.dovecot import PASSWORD, Dovecot
from tests.signing import ACCEPTED, DELIVERED, authority, receipt
from workers.context import WorkerContext
from workers.tasks.archive import read_mailbox

ACCOUNT = "acme"
CODE = "2026112010300042"
PURGE_AT_ONCE = {"purge": "archived", "purge_grace_seconds": 0}
REPLY = b"From: mario@pec.example\r\nSubject: Re: Fattura n. 1\r\nMessage-ID: <r1@x>\r\n\r\nGrazie\r\n"


@dataclass
class Mailbox:
    """One mailbox on Dovecot, read for the account `acme`."""

    ctx: WorkerContext
    dovecot: Dovecot
    user: str

    def put(self, *mails: bytes, folder: str = "INBOX") -> None:
        with self.dovecot.client(self.user) as client:
            for mail in mails:
                client.append(folder, mail)

    def read(self) -> None:
        read_mailbox(self.ctx, ACCOUNT)

    def state(self, field: str) -> str | None:
        found: Any = self.ctx.store.client.hget(self.ctx.store.keys.imap(ACCOUNT), field)
        return None if found is None else found.decode()

    def due(self, queue: Queue, key: str = ACCOUNT) -> float | None:
        found: Any = self.ctx.store.client.zscore(self.ctx.store.keys.due(queue), key)
        return None if found is None else float(found)

    def revisits(self) -> int:
        return int(self.ctx.store.client.zcard(self.ctx.store.keys.imap_revisit(ACCOUNT)))


MakeMailbox = Callable[..., Mailbox]  # from the settings that `reading` takes


def holding(mailbox: Mailbox, *mails: bytes) -> Mailbox:
    """Return the mailbox once a message was sent from it, and these mails have come and were read."""
    sent(mailbox.ctx)
    mailbox.put(*mails)
    mailbox.read()
    return mailbox


def left(mailbox: Mailbox) -> list[int]:
    with mailbox.dovecot.client(mailbox.user) as client:
        client.select_folder("INBOX", readonly=True)
        assert client.search("DELETED") == [], "nothing is only marked"
        return sorted(client.search())


def reading(
    ctx: WorkerContext,
    dovecot: Dovecot,
    user: str,
    root: Path,
    rules: dict[str, Any] | None = None,
    **imap: Any,
) -> WorkerContext:
    """Return the context with settings for this mailbox and an archive in this folder."""
    anchors = root.with_name("anchors.pem")
    anchors.write_bytes(authority().anchor)
    settings = ctx.settings.model_dump()
    settings["api"]["token"] = SecretStr("sandbox-token")
    account = settings["accounts"]["acme"]
    account["imap"] = {
        "host": "127.0.0.1",
        "port": dovecot.plain,
        "tls": False,
        "username": user,
        "password": PASSWORD,
        **imap,
    }
    settings["archive"] = {"url": str(root), "anchors": str(anchors)}
    settings["mailbox"] = rules or {}
    checked = Settings.model_validate(settings)
    vault = Vault(Folder(root), agreed_in(ctx.store))
    return WorkerContext(checked, ctx.store, ctx.client, vault, ctx.clock)


def sent(ctx: WorkerContext, code: str | None = CODE, message_id: str = "inv-1", **fields: Any) -> Message:
    """Store a message that was sent a minute ago and has this code."""
    now = ctx.now()
    sent_at = now - timedelta(minutes=1)
    values: dict[str, Any] = {
        "id": message_id, "account": ACCOUNT, "recipients": ("mario@pec.example",), "subject": "Fattura n. 1 è qui",
        "state": State.SENT, "created_at": sent_at, "updated_at": now, "sent_at": sent_at, "code": code,
        "has_reference": False, "body": "0" * 64, **fields,
    }  # fmt: skip
    return commit(ctx.store, created(Message(**values), due={Queue.CHECK: now + timedelta(minutes=29)}))


def accepted(code: str = CODE, **facts: Any) -> bytes:
    return receipt(about(ACCEPTED, code, **facts), postacert=None)


def delivered(code: str = CODE, **facts: Any) -> bytes:
    return receipt(about(DELIVERED, code, **facts))


def about(facts: ReceiptFacts, code: str, **differently: Any) -> ReceiptFacts:
    return replace(facts, subject=f"Fattura n. 1 è qui {code}", **differently)


def stored(ctx: WorkerContext, message_id: str = "inv-1") -> tuple[Message, StoredReceipts]:
    message, kept = records.read_with_receipts(ctx.store, message_id)
    assert message
    return message, kept
