"""Jobs with files, an archive in a folder that can be taken away, and what a worker makes of them."""

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from archive.vault import CONTENT, Vault
from archive.vault.folder import Folder
from archive.vault.installation import agreed_in
from archive.vault.vault import path_of
from pec.store import heartbeat
from workers.context import WorkerContext
from workers.intake.consumer import Consumer

LARGE = 200_000


def archived(ctx: WorkerContext, root: Path) -> WorkerContext:
    """Return the context with an archive in this folder."""
    return replace(ctx, vault=Vault(Folder(root), agreed_in(ctx.store)))


@contextmanager
def unmounted(root: Path) -> Iterator[None]:
    """Take the archive away: an empty folder stands in its place."""
    aside = root.with_name("aside")
    root.rename(aside)
    root.mkdir()
    yield
    for left in root.iterdir():
        raise AssertionError(f"{left} was written to an empty mount point")
    root.rmdir()
    aside.rename(root)


def job_with(job_id: str, file: bytes, **more: Any) -> dict[str, Any]:
    attached = {"name": "a.pdf", "file": base64.b64encode(file).decode()}
    fields = {
        "account": "acme",
        "recipient": "consegna@pec.example",
        "subject": f"S {job_id}",
        "body": "<p>x",
    }
    return {"type": "send", "id": job_id, **fields, "attachments": [attached], **more}


def put_jobs(ctx: WorkerContext, *jobs: dict[str, Any]) -> None:
    heartbeat.beat(ctx.store, {"account": ["acme"]}, 60)
    for job in jobs:
        ctx.store.client.xadd(ctx.store.keys.jobs, {"job": json.dumps(job)})


def intake(ctx: WorkerContext, name: str = "worker") -> Consumer:
    return Consumer(ctx, name)


def a_file(size: int = LARGE) -> bytes:
    return secrets.token_bytes(size)


def place_of(root: Path, digest: str) -> Path:
    return root / path_of(digest, CONTENT)
