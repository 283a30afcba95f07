"""The plan of a seed: which messages are enqueued, and which fault hits what at which second. Pure, repeatable."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.campaign import Campaign, campaign

WORK_SECONDS = 16.0  # in which faults begin
KILL_SECONDS = 0.9  # between two kills, on average
TIMED_EACH_SECOND = 0.75
MACHINES = 3

KILL_POINTS = (
    "hint-taken",  # a hint is with a thread, and no message is picked for it yet
    "picked",  # out of its lane, not claimed
    "claimed",  # on disk, nothing left the machine
    "first-byte",  # the headers left, the body did not
    "body-sent",  # all of it left, no answer yet
    "answered",  # the code is in memory, and nowhere else
    "committed",  # the code is in Redis, the place on the wire is not free yet
    "before-ack",  # all is done, but Dramatiq's acknowledgement
    "taken",  # jobs read from the stream, still pending
    "job-committed",  # a job became messages, the entry left
    "hinted",  # due entries taken under a lease, no hint enqueued
    "receipts-read",  # seen in the mailbox, not kept
    "looked-up",  # a search of the mailbox, not kept
    "delivery-taken",  # a webhook under its lease, not posted
    "delivery-posted",  # posted, not settled
)

# What one POST /send may meet. Those of the first group end with the PEC sent, those of the others with none.
SENT_FAULTS = (
    "timeout-after",
    "reset-after",
    "500-after",
    "502-html-after",
    "truncated-after",
    "no_code-after",
    "code-twice",
    "slow-answer",
)
DOUBTFUL_FAULTS = (
    "timeout-before",
    "reset-before",
    "500-before",
    "502-html-before",
    "307",
    "smtp-text",
    "slow-upload",
)
REFUSAL_FAULTS = ("429", "429-retry-after", "401", "402", "403", "400", "hung_up")
READ_FAULTS = ("500", "502-html", "reset", "timeout", "truncated", "401")
# kind of call → how many for each message are looked ahead, the share of them that meets something, and what
ANSWERS: dict[str, tuple[float, float, tuple[str, ...]]] = {
    "send": (1, 0.09, (*SENT_FAULTS, *DOUBTFUL_FAULTS, *REFUSAL_FAULTS)),
    "receipts": (2, 0.05, (*READ_FAULTS, "empty", "neither-shape", "doubled")),
    "pages": (1, 0.1, (*READ_FAULTS, "neither-shape", "doubled", "shifted", "shifted")),
    "mail": (0.2, 0.1, (*READ_FAULTS, "empty")),
    "quota": (0.2, 0.1, READ_FAULTS),
}

CIRCUMSTANCES = (  # of a whole run
    "clocks apart",
    "accents mangled",
    "shape live",
    "shape documented",
    "first-page 0",
    "first-page 1",
    "inbox-order newest",
    "inbox-order oldest",
)
CONSUMERS = ("down", "500", "slow", "too-slow", "410", "redirect", "picky")  # how one misbehaves
LONG_SECONDS = (
    16,
    20,
)  # more than the 7 s of a webhook's schedule: what a picky consumer refuses is given up
LONG_SHARE = 0.2  # of the others

TIMED: dict[str, float] = {  # kind of fault → how often it is drawn, beside kills
    "stop": 2,
    "term": 1,
    "term-group": 1,
    "kill-machine": 1.5,
    "redis-kill": 2,
    "redis-power": 1,
    "redis-cut": 2,
    "redis-lost-replies": 2,
    "redis-oom": 1,
    "redis-readonly": 1,
    "redis-loading": 1,
    "flush-hints": 1.5,
    "api-down": 1.5,
    "api-refused": 1,
    "api-dns": 1,
    "forge": 2,
    "foreign": 2,
    "late": 2,
    "consumer": 2,
}
CUSTODY: dict[str, float] = {  # kind of fault of IMAP, mailboxes and the archive → how often it is drawn
    "imap-down": 2,
    "imap-refused": 1,
    "imap-slow": 1,
    "imap-cut": 2,
    "imap-hang-up": 1,
    "imap-renumbered": 1.5,
    "imap-rule": 1,
    "imap-doubled": 1,
    "imap-mail": 2,
    "archive-full": 1.5,
    "archive-readonly": 1,
    "archive-slow": 1,
    "archive-lies": 1.5,
}
CUSTODY_POINTS = (
    "mail-fetched",  # in memory, in no archive
    "archived",  # in the archive, and no message names it
    "originals-committed",  # a message names it, the cursor is where it was
    "before-expunge",  # read back, still in the mailbox
    "expunged",  # gone from the mailbox, Redis does not know it
)
CUSTODY_EACH_SECOND = 0.6
CUSTODY_KILL_SECONDS = 2.5  # between two kills at these points, on average
FILED = ("ACCETTAZIONE", "CONSEGNA", "AVVISO")  # what a person's rule moves
PAUSE_SECONDS = 4.0  # between two pauses of the batch, on average


@dataclass(frozen=True, slots=True)
class Fault:
    """One task of the conductor, so many seconds after the start."""

    at: float
    name: str
    of: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = " ".join(f"{name}={value}" for name, value in self.of.items())
        return f"{self.at:6.2f} s  {self.name} {parts}".rstrip()


@dataclass(frozen=True, slots=True)
class Plan:
    """All of one run."""

    seed: int
    campaign: Campaign
    faults: tuple[Fault, ...]
    answers: dict[str, dict[int, str]]  # of each kind of call, the how-manieth meets what
    sandbox: dict[str, str]  # how the API is spelled: shape, first page, order
    mangled: bool  # accents arrive as U+FFFD
    skews_seconds: tuple[int, ...]  # of each machine's wall clock
    failover: bool  # to a replica, in mid-run

    @property
    def aims(self) -> set[str]:
        """Each fault, kill point, answer and mood of a consumer that is to come up, as the report names them."""
        points = {f"point: {fault.of['point']}" for fault in self.faults if fault.name == "kill-at"}
        moods = {f"consumer: {fault.of['how']}" for fault in self.faults if fault.name == "consumer"}
        downs = {f"answer: {fault.of['how']}" for fault in self.faults if fault.name == "api-down"}
        answers = {f"answer: {name}" for faults in self.answers.values() for name in faults.values()}
        given_up = {"ended: dead letter"} if "consumer: picky" in moods else set()
        return (
            {f"fault: {fault.name}" for fault in self.faults}
            | points
            | moods
            | downs
            | answers
            | given_up
            | {"ended: cancelled"}
        )

    @property
    def circumstances(self) -> set[str]:
        """Return the CIRCUMSTANCES that hold."""
        ours = {"clocks apart": any(self.skews_seconds), "accents mangled": self.mangled}
        return {name for name, so in ours.items() if so} | {f"{of} {how}" for of, how in self.sandbox.items()}

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"seed {self.seed}: {self.campaign.size} messages, {len(self.faults)} timed faults"
        yield f"  the API: {self.sandbox}, accents {'mangled' if self.mangled else 'kept'}"
        yield f"  wall clocks: {', '.join(f'{skew:+d} s' for skew in self.skews_seconds)}"
        yield from (f"  {kind}: {_listed(faults)}" for kind, faults in self.answers.items())
        yield from (f"  {fault}" for fault in self.faults)


def plan(seed: int, messages: int = 200, only: Sequence[str] = (), seconds: float = WORK_SECONDS) -> Plan:
    """The plan of a seed, whose faults begin within so many seconds.

    `only`: these kinds of timed faults (`kill` for kills, `api` for answers), else all.
    """
    chance = random.Random(seed)
    wanted = set(only) or {"kill", "api", "failover", "restore", "pause-batch", *TIMED, *CUSTODY}
    draw = chance.random()
    failover = "failover" in wanted and draw < 0.15
    faults = [*_kills(chance, wanted, seconds), *_timed(chance, wanted, messages, seconds)]
    custody = random.Random(f"custody of {seed}")  # so that the rest is drawn as before
    faults += [*_custody(custody, wanted, messages, seconds), *_custody_kills(custody, wanted, seconds)]
    if "pause-batch" in wanted:
        faults += _pauses(random.Random(f"pauses of {seed}"), seconds)  # the same
    if failover:
        faults.append(Fault(round(chance.uniform(0.3, 0.6) * seconds, 2), "failover"))
    elif "restore" in wanted and draw < 0.3:
        faults.append(Fault(round(chance.uniform(0.15, 0.35) * seconds, 2), "backup"))
        faults.append(Fault(round(chance.uniform(0.5, 0.8) * seconds, 2), "restore"))
    return Plan(
        seed=seed,
        campaign=campaign(random.Random(chance.random()), messages, seconds - 1),
        faults=tuple(sorted(faults, key=lambda fault: fault.at)),
        answers={kind: _answers(chance, messages, *of) for kind, of in ANSWERS.items()}
        if "api" in wanted
        else {},
        sandbox={
            "shape": chance.choice(["live", "documented"]),
            "first-page": chance.choice(["0", "1"]),
            "inbox-order": chance.choice(["newest", "oldest"]),
        },
        mangled=chance.random() < 0.5,
        skews_seconds=(0, *(chance.choice([-1, 1]) * chance.randint(60, 900) for _ in range(MACHINES - 1))),
        failover=failover,
    )


def _kills(chance: random.Random, wanted: set[str], seconds: float) -> Iterator[Fault]:
    """Half at random moments, half at named ones."""
    at = 1.5
    while "kill" in wanted and at < seconds:
        if chance.random() < 0.5:
            yield Fault(round(at, 2), "kill", {"draw": round(chance.random(), 3)})
        else:
            yield Fault(round(at, 2), "kill-at", {"point": chance.choice(KILL_POINTS)})
        at += chance.uniform(0.4, 1.6) * KILL_SECONDS


def _timed(chance: random.Random, wanted: set[str], messages: int, seconds: float) -> Iterator[Fault]:
    names = [name for name in TIMED if name in wanted]
    weights = [TIMED[name] for name in names]
    for _ in range(round(TIMED_EACH_SECOND * seconds) if names else 0):
        name = chance.choices(names, weights)[0]
        yield Fault(round(chance.uniform(1, seconds), 2), name, _details(chance, name, messages))


def _custody(chance: random.Random, wanted: set[str], messages: int, seconds: float) -> Iterator[Fault]:
    names = [name for name in CUSTODY if name in wanted]
    weights = [CUSTODY[name] for name in names]
    for _ in range(round(CUSTODY_EACH_SECOND * seconds) if names else 0):
        name = chance.choices(names, weights)[0]
        at, lasts, number = chance.uniform(1, seconds), chance.uniform(0.5, 3), chance.randrange(messages)
        of = _custody_details(chance, name, round(lasts, 2), number)
        yield Fault(round(at, 2), name, of)


def _custody_details(chance: random.Random, name: str, seconds: float, number: int) -> dict[str, Any]:
    match name:
        case "imap-hang-up":
            return {}
        case "imap-cut":
            return {"count": chance.randint(1, 3)}
        case "imap-renumbered":
            return {"number": number}
        case "imap-rule" | "imap-doubled":
            return {"number": number, "subject": chance.choice(FILED)}
        case "imap-mail":
            return {"number": number, "kind": chance.choice(["pec", "ordinary"])}
    return {"seconds": seconds}


def _custody_kills(chance: random.Random, wanted: set[str], seconds: float) -> Iterator[Fault]:
    at = 2.0
    while "kill" in wanted and at < seconds:
        yield Fault(round(at, 2), "kill-at", {"point": chance.choice(CUSTODY_POINTS)})
        at += chance.uniform(0.5, 1.5) * CUSTODY_KILL_SECONDS


def _pauses(chance: random.Random, seconds: float) -> Iterator[Fault]:
    """An operator, whose commands are killed half way half of the time."""
    at = chance.uniform(0.5, PAUSE_SECONDS)
    while at < seconds:
        lasts = round(chance.uniform(0.2, 2), 2)
        cut = chance.choice(["", "pause", "resume", "both"])
        yield Fault(round(at, 2), "pause-batch", {"seconds": lasts, "cut": cut})
        at += chance.uniform(0.5, 1.5) * PAUSE_SECONDS


def _details(chance: random.Random, name: str, messages: int) -> dict[str, Any]:
    """Return the parameters of a fault, drawn here so that the conductor draws nothing."""
    draw, seconds = round(chance.random(), 3), round(chance.uniform(0.3, 1.5), 2)
    match name:
        case "stop":
            return {"draw": draw, "seconds": round(chance.uniform(2.5, 5), 2)}
        case "term" | "term-group" | "kill-machine":
            return {"draw": draw}
        case "redis-lost-replies":
            return {"count": chance.randint(1, 4), "of": chance.choice(["commits", "commits", "scripts"])}
        case "redis-cut" | "flush-hints":
            return {}
        case "api-down":
            return {
                "seconds": round(chance.uniform(1, 3), 2),
                "how": chance.choice(["reset", "503", "silence"]),
            }
        case "forge" | "foreign" | "late":
            return {"number": chance.randrange(messages)}
        case "consumer":
            how = chance.choice(CONSUMERS)
            long = how == "picky" or chance.random() < LONG_SHARE
            return {"how": how, "seconds": round(chance.uniform(*(LONG_SECONDS if long else (1, 5))), 2)}
    return {"seconds": seconds}


def _answers(
    chance: random.Random, messages: int, each: float, share: float, faults: Sequence[str]
) -> dict[int, str]:
    calls = range(round(each * messages))
    return {number: chance.choice(faults) for number in calls if chance.random() < share}


def _listed(answers: dict[int, str]) -> str:
    return ", ".join(f"{number}: {fault}" for number, fault in answers.items()) or "as they are"
