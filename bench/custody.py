"""Custody: what keeping signed receipts costs beside reading their texts, and how soon a CONSEGNA is known by IMAP.

A campaign in one mailbox of `pec sandbox`, followed three times: through the API, by IMAP into an archive, and with a
purge of what is archived. All settings but the pace of sends and the grace of the purge are the defaults.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from bench.figures import Figure, Outcome, middle, percentile
from bench.site import ROOT, FakeApi, Site, address, ended, put, site, spawn, until

COUNT, QUICK_COUNT = 1000, 40
RATE = 20
ACCEPTANCE_SECONDS, DELIVERY_SECONDS = 2, 10
RECEIPTS = 2  # mails that each PEC brings
ACCOUNT = "a0"


def run(folder: Path, *, quick: bool = False) -> Outcome:
    count = QUICK_COUNT if quick else COUNT
    texts, archived, purged = (_Campaign(folder / how, how, count) for how in ("texts", "archived", "purged"))
    gets = {one.how: one.gets for one in (texts, archived, purged)}
    note = (
        f"{count:,} PEC at {RATE}/s, CONSEGNA {DELIVERY_SECONDS} s after the send; workers and Redis together"
    )
    peers = {"through the API": texts.cpu_seconds}
    return Outcome(
        [
            Figure(
                "GETs per delivered PEC, by IMAP", "GETs", gets["archived"],
                {"through the API": gets["texts"]}, "≤ 0.01", better="less",
                note="of receipts and of the inbox; the quota, read by the clock, is not counted",
            ),
            Figure(
                "seconds from a CONSEGNA's arrival to its event, by IMAP, at the 99th percentile", "s",
                percentile(archived.late_seconds, 99), {"through the API": percentile(texts.late_seconds, 99)},
                "≤ 2", better="less",
            ),
            Figure(
                "the same, the median", "s", middle(archived.late_seconds),
                {"through the API": middle(texts.late_seconds)}, better="less",
            ),
            Figure(
                "CPU seconds for 1,000 PEC, by IMAP into an archive", "s", archived.cpu_seconds, peers,
                better="less", note=note,
            ),
            Figure(
                "CPU by IMAP, archived and purged, to that through the API", "times",
                purged.cpu_seconds / texts.cpu_seconds, {}, "≤ 1.2", better="less",
            ),
        ]
    )  # fmt: skip


class _Campaign:
    """A campaign that is over, with every receipt kept, when the object is made."""

    def __init__(self, folder: Path, how: str, count: int) -> None:
        self.how = how
        with ExitStack() as stack:
            api, imap_port = stack.enter_context(sandbox(folder))
            made = stack.enter_context(site(folder / "ours", api))
            stack.enter_context(made.workers({ACCOUNT: "sandbox-token"}, settings(folder, how, imap_port)))
            before = sum(made.cpu_seconds().values())
            put(made, count)
            until(lambda: made.client.zcard("pec:state:delivered") >= count, "all are delivered", 600, 0.5)
            until(lambda: _is_kept(made, how, count), "all receipts are kept", 600, 0.5)
            self.cpu_seconds = (sum(made.cpu_seconds().values()) - before) * 1000 / count
            self.gets = _gets(api.url) / count
            self.late_seconds = _late_seconds(made, api.url)


@contextmanager
def sandbox(folder: Path) -> Iterator[tuple[FakeApi, int]]:
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / "ready"
    options = {
        "port": 0, "imap-port": 0, "anchor-file": folder / "anchor.pem", "ready-file": ready, "rate": 10 * RATE,
        "acceptance-delay": ACCEPTANCE_SECONDS, "delivery-delay": DELIVERY_SECONDS,
        "mailbox": f"{address(ACCOUNT)}:{address(ACCOUNT)}:bench",
    }  # fmt: skip
    command = [sys.executable, "-m", "sandbox"]
    command += [part for name, value in options.items() for part in (f"--{name}", str(value))]
    process = spawn(command, folder / "sandbox.log", {"PYTHONPATH": str(ROOT)})
    with ended(process):
        url, imap = until(lambda: ready.exists() and ready.read_text().split(), "the sandbox starts")
        yield FakeApi(process.pid, url, url), urlsplit(imap).port or 0


def settings(folder: Path, how: str, imap_port: int) -> dict[str, str]:
    common = {"PEC_API__RATE": str(RATE), "PEC_WEBHOOKS__ENDPOINTS": "[]"}
    if how == "texts":
        return common
    archive = folder / "archive"
    archive.mkdir()
    imap = f"PEC_ACCOUNTS__{ACCOUNT.upper()}__IMAP"
    return common | {
        f"{imap}__HOST": "127.0.0.1",
        f"{imap}__PORT": str(imap_port),
        f"{imap}__TLS": "false",
        "PEC_ARCHIVE__URL": str(archive),
        "PEC_ARCHIVE__ANCHORS": str(folder / "anchor.pem"),
        "PEC_MAILBOX__PURGE": "archived" if how == "purged" else "off",
        "PEC_MAILBOX__PURGE_GRACE_SECONDS": "0",
    }


def _is_kept(made: Site, how: str, count: int) -> bool:
    match how:
        case "texts":
            return bool(made.client.zcard("pec:due:check") <= 1)
        case "purged":
            return int(made.client.hget(f"pec:imap:{ACCOUNT}", "purged") or 0) >= RECEIPTS * count
    return all_archived(made)


def all_archived(made: Site) -> bool:
    """Return whether each receipt of each message is kept as it was signed."""
    return all(made.client.hget(key, "proof") == b"originals" for key in _messages(made))


def _messages(made: Site) -> Iterator[bytes]:
    yield from made.client.scan_iter("pec:message:*", count=1000)


def _gets(url: str) -> int:
    seen = Counter(one["path"].split("/")[1] for one in _ledger(url, "requests") if one["method"] == "GET")
    return seen["send"] + seen["inbox"]


def _late_seconds(made: Site, url: str) -> list[float]:
    arrived = {one["code"]: one["received_at"] + DELIVERY_SECONDS for one in _ledger(url, "sent")}
    late = []
    for key in _messages(made):
        code, ended_at = (str(one, "ascii") for one in made.client.hmget(key, "code", "ended_at"))
        late.append(datetime.fromisoformat(ended_at).timestamp() - arrived[code])
    return late


def _ledger(url: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(requests.get(f"{url}/_sandbox/{name}", timeout=60).content)
    return found
