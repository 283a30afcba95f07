"""Something on every page: messages in several states with receipts, a dead letter, a rejected job, incoming mail."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from config.settings import Receipts, Uncertain
from pec import transitions
from pec.changes import Change
from pec.incoming import IncomingMail, MailKind
from pec.instants import to_text
from pec.messages import Message
from pec.names import Queue
from pec.originals import Original
from pec.provider_text import Named
from pec.reasons import reason_by_code
from pec.receipt_transitions import receipts_observed
from pec.receipts import Kind, Receipt
from pec.store import delivery_history, heartbeat, inbox, outbox, records
from pec.store.delivery_history import Note
from pec.store.store import Store
from pec.webhooks.answers import Answer
from pec.webhooks.outcomes import Delivered
from producers import Producer
from tests.integration.pec.store.deliveries import REFUSED, endpoint, fan_out, give_up, take
from tests.integration.producing import Settle, TakeJobs

CODE = "2026112912300001"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of jobs, mails and files. A test puts hostile ones in their place."""

    subject: str = "Avviso di accertamento n. 1042/2026"
    body: str = "<p>In allegato l'avviso.</p>"
    file: str = "avviso-1042.pdf"
    receipt: str = "Il giorno 29/11/2026 alle ore 12:30:05 (+0100) il messaggio è stato consegnato."
    sender: str = "comune@pec.example"
    note: str = "ufficio tributi"
    answer: str = '{"errore": "database in manutenzione"}'


def build(
    store: Store,
    producer: Producer,
    take_jobs: TakeJobs,
    change: Settle,
    words: Words,
    archived: bytes | None = None,
) -> None:
    """Make one delivered, one held, one undelivered and some queued messages, and what else pages show."""
    outbox.ensure(store, ["crm"])
    for number, recipient in enumerate(
        ("mario.rossi", "studio.bianchi", "ditta.verdi", "notaio.neri", "ausl.gialli")
    ):
        producer.send(
            f"avv-{number + 1}",
            account="acme",
            recipient=f"{recipient}@pec.example",
            subject=words.subject,
            body=words.body,
            attachments=[(words.file, b"%PDF-1.4 avviso")],
            batch="novembre-2026",
            metadata={"note": words.note},
        )
    producer.send("beta-1", account="acme", recipient="x@pec.example", subject="Altro", body="<p>x</p>")
    store.client.xadd(store.keys.jobs, {"job": '{"type":"send","id":"rotto","account":"acme","subject":""}'})
    take_jobs()
    now = datetime.now(UTC)
    change("avv-1", lambda one: transitions.claimed(one, now, "A7K2", 30))
    change("avv-1", lambda one: transitions.answered(one, CODE, now, now))
    for kind in (Kind.ACCETTAZIONE, Kind.CONSEGNA):
        change(
            "avv-1", _observed(store, kind, words, now, "mario.rossi@pec.example", sha256=words_sha(archived))
        )
    change("avv-2", lambda one: transitions.claimed(one, now, "B8L3", 30))
    why = reason_by_code("worker_lost")
    change("avv-2", lambda one: transitions.answer_lost(one, now, why, Uncertain()))
    for _ in range(4):
        change("avv-2", lambda one: transitions.not_found(one, now, Uncertain()))
    change("avv-3", lambda one: transitions.claimed(one, now, "C9M4", 30))
    change("avv-3", lambda one: transitions.answered(one, CODE[:-1] + "3", now, now))
    change(
        "avv-3", _observed(store, Kind.MANCATA_CONSEGNA, words, now, "ditta.verdi@pec.example", error="5.1.1")
    )
    fan_out(store, [endpoint("crm")])
    give_up(store, take(store, "crm"), REFUSED)
    _try_deliveries(store, words, now)
    mail = IncomingMail(
        account="acme", kind=MailKind.PEC, sender=words.sender, subject=f"R: {words.subject}", date=now,
        in_reply_to="avv-1", attachments=(words.file,),
    )  # fmt: skip
    inbox.receive(store, mail, now, "traits")


def _try_deliveries(store: Store, words: Words, now: datetime) -> None:
    good, bad = (Answer(seconds, status, words.answer) for seconds, status in ((0.042, 204), (1.042, 500)))
    at = now.timestamp() - 10
    delivery_history.add(store, "crm", Note(at, "evt_0", "message.sent", Delivered(good), 1))
    refused = replace(REFUSED, answer=bad)
    delivery_history.add(store, "crm", Note(at + 1, "evt_1", "message.sent", refused, 2, "retry"))


def add_worker(store: Store) -> None:
    """Register a live worker process that serves everything."""
    seen = {
        "worker": ["w1"],
        "queue": [str(queue) for queue in Queue],
        "account": ["acme"],
        "endpoint": ["crm"],
    }
    heartbeat.beat(store, seen, 600)
    minute = int(store.now()) // 60 * 60
    for back in range(50):
        counts = {f"s{3 + back % 3}": 20 + back % 7, f"a{back % 3}": 18, f"d{2 + back % 4}": 17}
        heartbeat.beat(store, seen, 600, figures={minute - 60 * back: counts | {"es:unknown": back % 2}})
    about: dict[Any, Any] = {
        "host": "pec-1",
        "pid": "812",
        "threads": "8",
        "queues": " ".join(Queue),
        "accounts": "acme",
        "started_at": to_text(datetime.now(UTC)),
        "archive": heartbeat.REACHED,
    }
    store.client.hset(store.keys.worker("w1"), mapping=about)


def words_sha(archived: bytes | None) -> str | None:
    """Return the name of an archived mail."""
    return None if archived is None else hashlib.sha256(archived).hexdigest()


def _observed(
    store: Store,
    kind: Kind,
    words: Words,
    now: datetime,
    to: str,
    sha256: str | None = None,
    error: str | None = None,
) -> Callable[[Message], Change]:
    def observe(message: Message) -> Change:
        original = Original(sha256, 20, "verified", "opec1.2026@pec.example", now) if sha256 else None
        receipt = Receipt(
            kind=kind, subject=message.subject, code=message.code or "",
            date=now,
            virus=False, named=(Named(to, True),), final=None, error=error, text=words.receipt,
            sender="posta-certificata@pec.example", original=original,
        )  # fmt: skip
        return receipts_observed(
            message, records.receipts_of(store, message.id), [receipt], [], now, Receipts(), 0.5
        )

    return observe
