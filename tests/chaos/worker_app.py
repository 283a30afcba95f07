"""A worker's composition root for chaos: the product's own, with its store and client wrapped.

A named point is armed by a file: the first thread that reaches it takes the file away and kills its own process.
So chance draws nothing but from the run's seed, and the product has no hooks. It must know nothing of plans.
"""

import errno
import json
import os
import random
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import dramatiq

FOLDER = Path(os.environ["CHAOS_FOLDER"])
MACHINE = os.environ["CHAOS_MACHINE"]
CHANCE = random.Random(f"{os.environ['CHAOS_SEED']} {MACHINE} {os.environ['CHAOS_START']}")
SKEW_SECONDS = float(os.environ.get("CHAOS_SKEW_SECONDS", "0"))
SCALE = float(
    os.environ.get("CHAOS_SCALE", "1")
)  # how many times faster than in production the API's circuit waits
TRACED = "CHAOS_TRACE" in os.environ  # whether each task's begin and end are noted
UNPUBLISHED = os.environ.get(
    "CHAOS_UNPUBLISHED", ""
)  # the events that these workers drop, to test the checker
API_PORT = int(os.environ["CHAOS_API_PORT"])
INSIDE = "inside.chaos.test"  # a name that resolves to an address of our own network
PUBLIC = "127.0.0.1"  # where receivers listen; taken for public, so that all other loopback is not

_mine = threading.local()
_JOURNAL = os.open(FOLDER / "journal.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def note(**what: Any) -> None:
    """One line of the journal, whole or not at all, and there when the process dies."""
    line = {"at": time.clock_gettime(time.CLOCK_MONOTONIC), "machine": MACHINE, "pid": os.getpid(), **what}
    os.write(_JOURNAL, json.dumps(line).encode() + b"\n")


def hit(point: str) -> None:
    """Dies here, if the point is armed."""
    armed = FOLDER / "armed" / point
    if armed.exists():
        with suppress(FileNotFoundError):  # another thread or process was first
            armed.unlink()
            note(killed=point, message=getattr(_mine, "message", None))
            os.kill(os.getpid(), signal.SIGKILL)


def _skew_the_wall_clock() -> None:
    true_time = time.time
    time.time = lambda: true_time() + SKEW_SECONDS


def _misdirect_names() -> None:
    resolve = socket.getaddrinfo

    def resolved(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if port == API_PORT and (FOLDER / "faults" / "dns").exists():
            note(met="api-dns")
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve("127.0.0.9" if host == INSIDE else host, port, *args, **options)

    socket.getaddrinfo = resolved


def _watch_connections_be_refused() -> None:
    from pec.http import connection

    connect = connection.open_tcp

    def connected(family: int, address: tuple[Any, ...], within_seconds: float) -> socket.socket:
        try:
            return connect(family, address, within_seconds)
        except ConnectionRefusedError:
            if address[1] == API_PORT:
                note(met="api-refused")
            raise

    connection.open_tcp = connected


def _shorten_waits() -> None:
    """The product's waits that no setting shortens, made to last a run's time."""
    import pec.transitions as transitions

    transitions.GRACE = timedelta(seconds=2)  # before others take its name
    transitions.UNREADABLE_RETRY_SECONDS = 2
    transitions.REQUEUE_FIRST_SECONDS, transitions.REQUEUE_MAX_SECONDS = 1, 4
    from workers.tasks import send, webhook

    webhook.LEASE_MARGIN_SECONDS = 1
    send.CLAIM_AGE_SECONDS = 2.0
    _shorten_imap()


def _shorten_imap() -> None:
    from pec.imap import session
    from workers import context
    from workers.mailbox import imap_idle
    from workers.middleware import archive_watch, imap_reading
    from workers.tasks import archive, purge

    session.CONNECT_SECONDS = 1.0
    session.WAIT_SECONDS = archive.WAIT_SECONDS = 2.0  # type: ignore[attr-defined]
    archive.EVERY_SECONDS, archive.POLLED_SECONDS, archive.SOON_SECONDS = 2.0, 1.0, 0.3
    archive.FIRST_WAIT_SECONDS, archive.MAX_WAIT_SECONDS = 0.3, 1.0
    archive.LEASE_SECONDS = archive.OLD_EVERY_SECONDS = 2.0
    context.IMAP_SILENT = imap_reading.IMAP_SILENT = timedelta(seconds=4)  # type: ignore[attr-defined]
    imap_idle.LEASE_SECONDS, imap_idle.WAIT_SECONDS = 2.0, 0.5
    imap_idle.OTHERS_SECONDS, imap_idle.AGAIN_SECONDS = 0.5, 1.0
    purge.SOONEST_SECONDS, purge.AGAIN_SECONDS, purge.QUOTA_SECONDS = 0.5, 1.0, 1.0
    imap_reading.EVERY_SECONDS = archive_watch.EVERY_SECONDS = archive_watch.AGAIN_SECONDS = 1.0


def _take_loopback_for_public() -> None:
    from pec.http import address_guard

    really = address_guard.is_public
    address_guard.is_public = lambda address: address == PUBLIC or really(address)


def _watch_bytes_leave() -> None:
    from pec.http import deadline_socket

    deadline_socket.JOINED_BYTES = (
        0  # the head leaves before the body, so that a worker can die between the two
    )
    write = deadline_socket.DeadlineSocket.write

    def written(self: deadline_socket.DeadlineSocket, piece: memoryview) -> int:
        count = write(self, piece)
        if pieces := getattr(_mine, "pieces", 0):
            _mine.pieces = pieces + 1
            hit("first-byte" if pieces == 1 else "body-sent")
        return count

    deadline_socket.DeadlineSocket.write = written  # type: ignore[method-assign]


def _wrap_client() -> None:
    """In place, because others may have taken the class already."""
    from pec.api.client import InboxPage, Mail, Mailbox, PecClient

    send, receipts, inbox = PecClient.send, PecClient.receipts, PecClient.inbox

    def sent(self: PecClient, mailbox: Mailbox, body: bytes, before_first_byte: Callable[[], None]) -> str:
        recipients = json.loads(body)["recipient"]
        _mine.message = recipients

        def before() -> None:
            before_first_byte()
            token = mailbox.token.get_secret_value()
            note(first_byte=recipients, token=token)
            hit("claimed")
            _mine.pieces = 1

        try:
            code = send(self, mailbox, body, before)
        finally:
            _mine.pieces = 0
        hit("answered")
        return code

    def received(self: PecClient, mailbox: Mailbox, code: str) -> list[Mail]:
        found = receipts(self, mailbox, code)
        hit("receipts-read")
        return found

    def looked_up(self: PecClient, *args: Any, **options: Any) -> InboxPage:
        found = inbox(self, *args, **options)
        hit("looked-up")
        return found

    PecClient.send, PecClient.receipts, PecClient.inbox = sent, received, looked_up  # type: ignore[method-assign]


AFTER_SCRIPT = {
    "pick": "picked",
    "dispatch": "hinted",
    "deliver": "delivery-taken",
}
ORIGINAL = re.compile(r'"original\\*":{')  # in the commit that adds one to a receipt
BEFORE_SCRIPT = {"pick": "hint-taken", "finish_send": "committed", "deliver": "delivery-posted"}


def _wrap_store() -> None:
    """In place, because others may have taken the class already."""
    from pec.store.store import ScriptCall, Store

    script_of, piped = Store.script, Store.pipeline

    def script(self: Store, name: str, *, intake: bool = False) -> Any:
        found = script_of(self, name, intake=intake)

        def run(*args: Any, **options: Any) -> Any:
            if name == "commit" and UNPUBLISHED:
                options["args"] = [_without(UNPUBLISHED, options["args"][0]), *options["args"][1:]]
            if name in BEFORE_SCRIPT and options["args"][-1] != "[]":  # a turn begins with none posted
                hit(BEFORE_SCRIPT[name])
            if intake:
                hit("taken")
            reply = found(*args, **options)
            _note_task(name, options["args"], reply, queued=getattr(_mine, "piping", False))
            _hit_after(name, options["args"], reply, intake=intake)
            return reply

        return run

    def pipeline(self: Store, calls: Sequence[ScriptCall]) -> list[Any]:
        """Now in one write, now one after the other, with deaths between as where the server dies in the middle."""
        _mine.piping = True  # also for a script that the server had forgotten and that is run alone
        try:
            if CHANCE.random() < 0.5:
                replies = piped(self, calls)
            else:
                replies = [reply for one in calls for reply in piped(self, [one])]
        finally:
            _mine.piping = False
        _note_settled(calls, replies)
        return replies

    Store.script, Store.pipeline = script, pipeline  # type: ignore[method-assign]


def _hit_after(name: str, args: Sequence[Any], reply: Any, *, intake: bool) -> None:
    if name in AFTER_SCRIPT and _did_something(name, reply):
        hit(AFTER_SCRIPT[name])
    if intake:
        hit("job-committed")
    elif name == "commit" and ORIGINAL.search(args[0]):
        hit("originals-committed")


def _without(event_type: str, payload: str) -> str:
    """A commit that publishes fewer events than changes."""
    commit = json.loads(payload)
    commit["commands"] = [command for command in commit["commands"] if event_type not in command]
    return json.dumps(commit)


def _note_settled(calls: Sequence[Any], replies: Sequence[Any]) -> None:
    if not any(isinstance(reply, Exception) for reply in replies):
        for one in calls:
            if one.name == "finish_send":
                note(settled=one.args[2])


def _did_something(name: str, reply: Any) -> bool:
    """Whether there was anything to pick, to hand out, to deliver."""
    match name:
        case "pick":
            return bool(reply[0] == b"picked")
        case "dispatch":
            return bool(reply[1]) or any(len(taken) > 1 for taken in reply[2])
    return bool(reply)


def _note_task(name: str, args: Sequence[Any], reply: Any, *, queued: bool) -> None:
    """Note facts for the checker and the measurement of deaths. `queued`: in a pipeline, it has not happened yet."""
    match name:
        case "pick" if reply[0] == b"picked":
            note(picked=reply[2].decode())
        case "finish_send" if not queued:
            note(settled=args[2])
        case "dispatch" if TRACED:
            _note_hints(reply)
        case "commit" if TRACED and (not isinstance(reply, list) or reply[0] in (b"applied", b"repeated")):
            for record in json.loads(args[0])["records"]:  # those of a pipeline a moment before they change
                note(committed=record["key"].rpartition(":message:")[2])


def _note_hints(reply: Any) -> None:
    """Note the work taken under a lease, and its queue."""
    _, _, taken, _ = reply
    for queue, *members in taken:
        for member in members[::2]:
            note(hinted=[queue.decode(), member.decode()])


CIRCUITS = {  # script → what a wait looks like in it, how many there are, and how many times shorter they are to be
    "finish_send": (r"(?<!/ )\b(5|60|120|300)(?=e6)", 4, SCALE),
    # 0.1 s at most: as little beside the schedule of a run as 5 minutes are beside days
    "deliver": (r"\b(5|300)(?= \* 2 \^ beyond|\)\n)", 2, 3000),
}


def _scale_the_circuit() -> None:
    """The waits of the API's and of endpoints' circuits, divided. Says so at boot, where they are written otherwise."""
    import pec.store.store as store

    source = store._source

    def scaled(name: str) -> str:
        found = source(name)
        if name not in CIRCUITS:
            return found
        pattern, count, times = CIRCUITS[name]
        shorter, waits = re.subn(pattern, lambda wait: f"{int(wait[1]) / times:f}", found)
        assert waits == count, f"{name}.lua says its waits in another way: scale them here"
        return shorter

    for name in CIRCUITS:
        scaled(name)
    store._source = scaled  # type: ignore[assignment]  # its cache is not needed


def _wrap_acknowledgement() -> None:
    import dramatiq.brokers.redis as broker

    consumer: Any = broker._RedisConsumer
    acknowledge = consumer.ack

    def ack(self: Any, message: Any) -> None:
        hit("before-ack")
        acknowledge(self, message)

    consumer.ack = ack


def _spoil_the_archive() -> None:
    """The archive's disk is full, read-only or slow, or gives back other bytes of a mail than were put."""
    from archive.vault import folder

    system: Any = folder
    make, chunks = system.mkstemp, folder.Folder.chunks

    def made(*args: Any, **options: Any) -> Any:
        for name, number in (("archive-full", errno.ENOSPC), ("archive-readonly", errno.EROFS)):
            if (FOLDER / "faults" / name).exists():
                note(met=name)
                raise OSError(number, os.strerror(number))
        if (FOLDER / "faults" / "archive-slow").exists():
            note(met="archive-slow")
            time.sleep(0.5)  # this is how slow it is
        return make(*args, **options)

    def read(self: folder.Folder, name: str) -> Iterator[bytes] | None:
        found = chunks(self, name)
        if found is None or not name.endswith(".eml") or not (FOLDER / "faults" / "archive-lies").exists():
            return found
        note(met="archive-lies")
        return (bytes([chunk[0] ^ 1]) + chunk[1:] for chunk in found)

    system.mkstemp = made
    folder.Folder.chunks = read  # type: ignore[method-assign]


def _wrap_vault() -> None:
    from archive.vault import EML, Vault

    put = Vault.put

    def kept(self: Vault, data: bytes, suffix: str) -> str:
        digest = put(self, data, suffix)
        if suffix == EML:
            hit("archived")
        return digest

    Vault.put = kept  # type: ignore[method-assign]


def _wrap_imap() -> None:
    from pec.imap.session import Session

    mails, expunge = Session.mails, Session.expunge

    def fetched(self: Session, uids: Sequence[int], size: int) -> dict[int, bytes]:
        found = mails(self, uids, size)
        if found:
            hit("mail-fetched")
        return found

    def expunged(self: Session, uids: Sequence[int]) -> None:
        hit("before-expunge")
        expunge(self, uids)
        hit("expunged")

    Session.mails, Session.expunge = fetched, expunged  # type: ignore[method-assign]


_skew_the_wall_clock()
_misdirect_names()
_watch_connections_be_refused()
_shorten_waits()
_take_loopback_for_public()
_watch_bytes_leave()
_wrap_client()
_wrap_store()
_wrap_acknowledgement()
_spoil_the_archive()
_wrap_vault()
_wrap_imap()
_scale_the_circuit()

from workers.app import broker as broker  # noqa: E402 - built of what was wrapped above


class Trace(dramatiq.Middleware):
    """Notes what a process has in hand."""

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        note(begun=[message.actor_name, str(message.args[0])])

    def after_process_message(
        self, broker: dramatiq.Broker, message: dramatiq.MessageProxy, *args: Any, **options: Any
    ) -> None:
        note(ended=[message.actor_name, str(message.args[0])])

    after_skip_message = after_process_message


# SIGTERM alone ends a process in order, be it at once or once its work is done.
Finalize(None, note, kwargs={"met": "term"}, exitpriority=1)
if TRACED:
    broker.add_middleware(Trace())
(FOLDER / "pids" / f"{MACHINE}.{os.getpid()}").touch()
