"""Purging by the API, without IMAP: only if nothing but receipts that are kept is found under the code."""

from dataclasses import replace

import pytest

from config.settings import Settings
from pec.names import Proof
from pec.store import audit, imap_state, records
from tests.integration.sandbox.serving import SENDER, Served
from tests.integration.workers.messages import ACCOUNT, sent
from workers.context import WorkerContext
from workers.tasks.check import check
from workers.tasks.purge import purge


@pytest.fixture
def texts(ctx: WorkerContext) -> WorkerContext:
    settings = ctx.settings.model_dump()
    settings["mailbox"] = {"purge": "texts", "purge_grace_seconds": 0}
    return replace(ctx, settings=Settings.model_validate(settings))


def proved(ctx: WorkerContext, served: Served, message_id: str) -> str:
    """A message that was delivered, with the texts of its receipts. Return its code."""
    message = sent(ctx, served, message_id)
    check(ctx, message_id)
    found = records.read(ctx.store, message_id)
    assert found
    assert found.proof == Proof.TEXTS
    assert message.code
    return message.code


def found(served: Served, code: str) -> int:
    answer = served.call("GET", f"/send/{code}")
    return len(answer.json()["data"]) if answer.ok else 0


def test_receipts_whose_texts_are_kept_go(texts: WorkerContext, served: Served) -> None:
    code = proved(texts, served, "texts-1")
    assert found(served, code) == 2

    purge(texts, ACCOUNT)

    assert found(served, code) == 0
    [entry] = audit.entries(texts.store)
    assert (entry["action"], entry["object"]) == ("purge", "message:texts-1")
    assert imap_state.state_of(texts.store, ACCOUNT).purged == 2


def test_a_reply_under_the_code_keeps_all_of_them(texts: WorkerContext, served: Served) -> None:
    code = proved(texts, served, "texts-2")
    served.make(
        "receipts", mailbox=SENDER, sender="mario@pec.example", subject="Re: Avviso", text="Grazie", code=code
    )

    purge(texts, ACCOUNT)

    assert found(served, code) == 3
    assert audit.entries(texts.store) == []


def test_a_receipt_that_is_not_kept_keeps_all_of_them(texts: WorkerContext, served: Served) -> None:
    code = proved(texts, served, "texts-3")
    late = "AVVISO DI MANCATA CONSEGNA: Avviso texts-3"
    served.make(
        "receipts",
        mailbox=SENDER,
        sender="posta-certificata@pec.example",
        subject=late,
        text="5.1.1",
        code=code,
    )

    purge(texts, ACCOUNT)

    assert found(served, code) == 3


def test_with_the_originals_only_texts_are_never_enough(ctx: WorkerContext, served: Served) -> None:
    settings = ctx.settings.model_dump()
    settings["mailbox"] = {"purge": "archived", "purge_grace_seconds": 0}
    archived = replace(ctx, settings=Settings.model_validate(settings))
    code = proved(archived, served, "texts-4")
    archived.store.client.zadd(archived.store.keys.purgeable(ACCOUNT), {"texts-4": 1})

    purge(archived, ACCOUNT)

    assert found(served, code) == 2
