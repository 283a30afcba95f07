"""Purging by the API, without IMAP: only if nothing but receipts that are kept is found under the code."""

from dataclasses import replace
from pathlib import Path

import pytest

from archive.vault import EML
from archive.vault.vault import path_of
from config.settings import Settings
from pec.names import Proof
from pec.originals import VERIFIED, Original
from pec.store import audit, imap_state, purging, records
from tests.integration.sandbox.serving import SENDER, Served
from tests.integration.workers.archiving import archived, unmounted
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
    only_originals = replace(ctx, settings=Settings.model_validate(settings))
    code = proved(only_originals, served, "texts-4")
    ctx.store.client.zadd(ctx.store.keys.purgeable(ACCOUNT), {"texts-4": 1})

    purge(only_originals, ACCOUNT)

    assert found(served, code) == 2


# Texts that only originals hold


def with_originals(ctx: WorkerContext, message_id: str) -> list[str]:
    """Have the archive hold the receipts, and Redis no text of them. Return the names of the originals."""
    assert ctx.vault
    key, digests = ctx.store.keys.receipts(message_id), []
    _, stored = records.read_with_receipts(ctx.store, message_id)
    ctx.store.client.delete(key)
    for one in stored.receipts.values():
        raw = (one.text or "").encode()
        digests.append(ctx.vault.put(raw, EML))
        original = Original(digests[-1], len(raw), VERIFIED, one.identificativo or "", one.date)
        kept = replace(one, text=None, original=original)
        ctx.store.client.hset(key, kept.key, records.receipt_to_json(kept))
    assert len(digests) == 2
    return digests


def test_receipts_whose_originals_the_archive_holds_go(
    texts: WorkerContext, served: Served, root: Path
) -> None:
    holding = archived(texts, root)
    code = proved(holding, served, "originals-1")
    with_originals(holding, "originals-1")

    purge(holding, ACCOUNT)

    assert found(served, code) == 0


@pytest.mark.parametrize("lost", [True, False])
def test_an_original_that_the_archive_lost_or_altered_keeps_all_of_them(
    texts: WorkerContext, served: Served, root: Path, lost: bool
) -> None:
    holding = archived(texts, root)
    name = f"originals-2-{lost}"
    code = proved(holding, served, name)
    place = root / path_of(with_originals(holding, name)[1], EML)
    place.unlink() if lost else place.write_bytes(b"other")

    purge(holding, ACCOUNT)

    assert found(served, code) == 2
    assert audit.entries(texts.store) == []


def test_receipts_stay_while_the_archive_is_away(texts: WorkerContext, served: Served, root: Path) -> None:
    holding = archived(texts, root)
    code = proved(holding, served, "originals-3")
    with_originals(holding, "originals-3")

    with unmounted(root):
        purge(holding, ACCOUNT)

    assert found(served, code) == 2
    assert purging.ready(texts.store, ACCOUNT, texts.now().timestamp(), 1) == ["originals-3"]


def test_receipts_whose_originals_no_archive_gives_stay(
    texts: WorkerContext, served: Served, root: Path
) -> None:
    code = proved(texts, served, "originals-4")
    with_originals(archived(texts, root), "originals-4")

    purge(texts, ACCOUNT)

    assert found(served, code) == 2
