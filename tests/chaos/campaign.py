"""The messages of a run, as jobs, and what each must end as. Pure: a source of chance gives all."""

import base64
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pec.content import sha256

ACCOUNTS = ("acme", "beta", "gamma")  # acme and beta share a token

# The recipient's name chooses what the PEC network does (sandbox/scenarios.py); each ends so, once it was sent.
STORIES: dict[str, tuple[float, str]] = {
    "consegna": (10, "delivered"),
    "mancata-consegna": (2, "undelivered"),
    "non-accettazione": (1, "refused"),
    "virus": (0.5, "refused"),
    "preavviso": (1, "delivered"),
    "tempo-massimo": (1, "undelivered"),
    "posta-ordinaria": (1, "uncertified"),
    "silenzio": (1, "expired"),
    "errore-500": (0.4, ""),  # never sent
    "errore-500-inviata": (0.4, "delivered"),
    "risposta-persa": (0.4, "delivered"),
    "connessione-chiusa": (0.4, "delivered"),
}
HUGE_BYTES = 3_000_000
BATCH = "chaos"  # that of most messages
FEW = 4  # messages of a batch that can complete
WITHDRAWN_SECONDS = 30.0  # until messages of a cancelled batch may go: long after the cancel arrived
TELLING = ("consegna", "mancata-consegna", "non-accettazione", "posta-ordinaria")  # stories without faults
WORST = ("delivered", "uncertified", "undelivered", "expired", "refused")


@dataclass(frozen=True, slots=True)
class Expected:
    """How a message must end: as its story says where the API sent it; where it did not, as its job says."""

    if_sent: str
    if_unsent: tuple[str, ...] = ()
    after_restore: str = ""  # if it was sent, where a restore may have forgotten a cancel


@dataclass(frozen=True, slots=True)
class Entry:
    """One XADD, so many seconds after the start. `refused`: it must be rejected.

    `uploads` are put before it. `waits_seconds`: its `not_before`, from when it is written. `follows`: of which PEC
    of its account's its `code` is, as JSON: something else sends it first.
    """

    at: float
    job: str
    job_id: str
    refused: bool = False
    uploads: tuple[bytes, ...] = ()
    waits_seconds: float = 0.0
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Campaign:
    """`tags` are what stands after the + of a recipient, by which the API's ledger distinguishes messages."""

    entries: tuple[Entry, ...]
    expected: dict[str, Expected]
    tags: dict[str, str]
    batch_sizes: dict[str, int]  # as a job says

    @property
    def size(self) -> int:
        return len(self.expected)


class _Maker:
    def __init__(
        self, chance: random.Random, accounts: Sequence[str] = ACCOUNTS, seconds: float = 0.0
    ) -> None:
        self.chance = chance
        self.seconds = seconds  # over which jobs go in
        self.accounts = accounts
        self.entries: list[Entry] = []
        self.expected: dict[str, Expected] = {}
        self.tags: dict[str, str] = {}
        self.batch_sizes: dict[str, int] = {}
        self.unbatched = 0

    def plain(self, job_id: str, **fields: Any) -> None:
        story = self._story()
        job = self._job(job_id, self._to(story, job_id), **fields)
        self._add(job, job_id)
        self.expected[job_id] = Expected(STORIES[story][1])

    def unreferenced(self, job_id: str) -> None:
        self.plain(job_id, reference=False)

    def heavy(self, job_id: str) -> None:
        """With a file that others share."""
        content = base64.b64encode(b"%PDF " + bytes([self.chance.randrange(3)]) * 5000).decode()
        self.plain(
            job_id, attachments=[{"name": "è.pdf", "file": content}], priority=self.chance.randrange(10)
        )

    def huge(self, job_id: str) -> None:
        """More than the sockets between hold, so that an upload can be slow. Its content is the same for all."""
        content = base64.b64encode(b"%PDF " + b"0" * HUGE_BYTES).decode()
        self.plain(job_id, attachments=[{"name": "planimetria.pdf", "file": content}])

    def uploaded(self, job_id: str) -> None:
        """Its content by hash; as body what others carry."""
        body, file = self._body().encode(), b"%PDF " + bytes([self.chance.randrange(3)]) * 5000
        named = [{"name": "uploaded.pdf", "sha256": sha256(file)}]
        self.plain(job_id, body={"sha256": sha256(body)}, attachments=named)
        self.entries[-1] = replace(self.entries[-1], uploads=(body, file))

    def later(self, job_id: str) -> None:
        self.plain(job_id)
        waits = round(self.chance.uniform(1, 8), 2)
        self.entries[-1] = replace(self.entries[-1], waits_seconds=waits)

    def followed(self, job_id: str) -> None:
        """A PEC that something else sent."""
        story = self.chance.choice(TELLING)
        account, to, subject = self.chance.choice(self.accounts), self._to(story, job_id), f"Altrui {job_id}"
        pec = json.dumps({"recipient": to, "subject": subject, "body": "<p>Salve</p>"})
        job = json.dumps(
            {"type": "poll", "id": job_id, "account": account, "recipient": to, "subject": subject}
        )
        self.entries.append(Entry(self._at(), job, job_id, follows=pec))
        self.expected[job_id] = Expected(STORIES[story][1])
        self.unbatched += 1

    def few(self, name: str) -> None:
        """A batch that can complete, which one with a held message can't."""
        self._batch(name, Expected("delivered"))

    def withdrawn(self, name: str) -> None:
        """A batch that is cancelled, before or after its jobs come, and long before they may go."""
        self._batch(
            name, Expected("nothing: it was cancelled", ("cancelled",), "delivered"), WITHDRAWN_SECONDS
        )
        cancel = json.dumps({"type": "cancel", "batch": name})
        self.entries.append(Entry(self._at() / 3, cancel, name))  # it may lie in dead hands some times

    def _batch(self, name: str, expected: Expected, waits_seconds: float = 0.0) -> None:
        for number in range(FEW):
            job_id = f"{name}.{number}"
            job = self._job(job_id, self._to("consegna", job_id), batch=name)
            self.entries.append(Entry(self._at(), job, job_id, waits_seconds=waits_seconds))
            self.expected[job_id] = expected
        self.say_size(name, FEW)

    def say_size(self, name: str, size: int) -> None:
        self.entries.append(Entry(0.0, json.dumps({"type": "batch", "id": name, "size": size}), name))
        self.batch_sizes[name] = size

    def campaign(self) -> Campaign:
        entries = tuple(sorted(self.entries, key=lambda entry: entry.at))
        return Campaign(entries, self.expected, self.tags, self.batch_sizes)

    def pair(self, job_id: str) -> None:
        """Two recipients, a PEC each."""
        stories = [self._story(), self._story()]
        ids = [f"{job_id}#1", f"{job_id}#2"]
        self._add(self._job(job_id, [self._to(*one) for one in zip(stories, ids, strict=True)]), job_id)
        for story, message_id in zip(stories, ids, strict=True):
            self.expected[message_id] = Expected(STORIES[story][1])

    def together(self, job_id: str) -> None:
        """One PEC for two, which ends as the worse of them."""
        stories = self.chance.sample(["consegna", "mancata-consegna", "posta-ordinaria"], 2)
        recipients = [self._to(story, f"{job_id}.{story}", job_id) for story in stories]
        self._add(self._job(job_id, recipients, together=True), job_id)
        self.expected[job_id] = Expected(max((STORIES[story][1] for story in stories), key=WORST.index))

    def cancelled(self, job_id: str) -> None:
        """A cancel that may come before the send or too late; when too late it is rejected."""
        self.plain(job_id, priority=0)
        cancel = json.dumps({"type": "cancel", "id": job_id})
        self.entries.append(Entry(self._at(), cancel, job_id))
        self.expected[job_id] = Expected(self.expected[job_id].if_sent, ("cancelled",))

    def timed(self, job_id: str) -> None:
        """Not after an instant that has passed."""
        self.plain(job_id, not_after="2020-01-01T00:00:00Z")
        self.expected[job_id] = Expected("nothing: it came too late", ("expired",))

    def repeated(self, job_id: str) -> None:
        """The same job twice, as by a producer that lost the answer to its XADD."""
        self.plain(job_id)
        self.entries.append(Entry(self._at(), self.entries[-1].job, job_id))

    def conflicting(self, job_id: str) -> None:
        """Its id again, with other content: one of the two is rejected, whichever comes later."""
        self.plain(job_id)
        first = self.entries.pop()
        other = {**json.loads(first.job), "subject": "Un altro oggetto"}
        self.entries += [
            Entry(0.0, first.job, job_id),
            Entry(self.seconds, json.dumps(other), job_id, refused=True),
        ]

    def bad(self, job_id: str) -> None:
        job = self._job(job_id, "mario rossi", body=None)
        self.entries.append(Entry(self._at(), job, job_id, refused=True))

    def _add(self, job: str, job_id: str) -> None:
        self.entries.append(Entry(self._at(), job, job_id))

    def _job(self, job_id: str, recipient: Any, **fields: Any) -> str:
        job = {
            "type": "send",
            "id": job_id,
            "account": self.chance.choice(self.accounts),
            "recipient": recipient,
            "subject": f"Avviso {job_id} perché è così",
            "body": self._body(),
            "batch": BATCH,
        }
        return json.dumps({**job, **fields}, ensure_ascii=False)

    def _body(self) -> str:
        return f"<p>Salve, è il modello {self.chance.randrange(4)}</p>"

    def _story(self) -> str:
        return self.chance.choices(list(STORIES), [weight for weight, _ in STORIES.values()])[0]

    def _to(self, story: str, tag: str, message_id: str = "") -> str:
        """The address, whose tag is known from now on."""
        tag_in_address = tag.replace("#", ".")
        self.tags[tag_in_address] = message_id or tag
        return f"{story}+{tag_in_address}@pec.example"

    def _at(self) -> float:
        """A quarter of the jobs at once, the rest over a while."""
        return 0.0 if self.chance.random() < 0.25 else round(self.chance.uniform(0, self.seconds), 2)


KINDS = {
    "plain": 60,
    "unreferenced": 8,
    "heavy": 8,
    "uploaded": 6,
    "later": 4,
    "followed": 4,
    "huge": 3,
    "pair": 4,
    "together": 3,
    "cancelled": 4,
    "timed": 1,
    "repeated": 4,
    "conflicting": 2,
    "bad": 2,
}


def campaign(chance: random.Random, messages: int, seconds: float) -> Campaign:
    """Yield as many messages, or one more. They go in while faults begin: a fault without a send has no effect."""
    maker = _Maker(chance, seconds=seconds)
    kinds = chance.choices(list(KINDS), list(KINDS.values()), k=2 * messages)
    maker.huge("huge")
    for number, kind in enumerate(kinds):
        if len(maker.expected) >= messages - 2 * FEW:
            break
        getattr(maker, kind)(f"m{number:04d}")
    maker.say_size(BATCH, len(maker.expected) - maker.unbatched)
    maker.few("few")
    maker.withdrawn("withdrawn")
    return maker.campaign()


def plain_campaign(
    messages: int, accounts: Sequence[str] = ACCOUNTS, at_once: int | None = None, each_second: float = 1.0
) -> Campaign:
    """Messages that are all delivered: so many there from the start (None: all), the others one by one."""
    maker = _Maker(random.Random(messages), accounts)
    for number in range(messages):
        job_id = f"m{number:04d}"
        job = maker._job(job_id, maker._to("consegna", job_id))
        waits = max(0, number - (messages if at_once is None else at_once)) / each_second
        maker.entries.append(Entry(waits, job, job_id))
        maker.expected[job_id] = Expected("delivered")
    return maker.campaign()


def ids_of(addresses: list[str], tags: dict[str, str]) -> Iterator[str]:
    """Return the messages that a PEC's recipients identify, each once."""
    found = (tags.get(address.partition("+")[2].partition("@")[0]) for address in addresses)
    yield from dict.fromkeys(one for one in found if one)
