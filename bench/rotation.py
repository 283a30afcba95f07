"""Rotation: how long a lone urgent message and a small mailbox wait beside a campaign, and 200 tokens at once."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path

from bench import fill
from bench.figures import Figure, Outcome, Plot, middle, too_close, used, used_by_all
from bench.pace import LONG_AGO
from bench.site import FakeApi, Site, fake_api, send_job, site, until
from config.settings import Api
from pec.store import pacing

RATE = 5
MAILBOXES = 100
CAMPAIGN = 20_000
TOKENS = 200
SETTINGS = {"PEC_RECEIPTS__BACKOFF_SECONDS": LONG_AGO, "PEC_QUOTA__INTERVAL_SECONDS": "86400"}


@dataclass(frozen=True, slots=True)
class Waited:
    """Sends that went before a message, of which some had their slots when it was put in."""

    sends: int
    granted: int

    @property
    def slots(self) -> float:
        return float(max(0, self.sends - self.granted))


@dataclass(frozen=True, slots=True)
class Tokens:
    """Many at once: when each sent, between which edges that was measured, and what it cost meanwhile."""

    times: list[list[float]]
    edges: list[float]
    cpu_seconds: float  # of workers and Redis

    @property
    def sends(self) -> int:
        return sum(self.edges[0] <= at < self.edges[-1] for times in self.times for at in times)


def run(folder: Path, *, quick: bool = False) -> Outcome:
    campaign, times = (500, 1) if quick else (CAMPAIGN, 5)
    waits = _beside_a_campaign(folder / "campaign", campaign, times)
    tokens, seconds, windows = (20, 3.0, 1) if quick else (TOKENS, 12.0, 3)
    figures, plot = _figures_of(_many_tokens(folder / "tokens", tokens, seconds, windows))
    return Outcome([*_waits(waits, campaign), *figures], [plot])


def _waits(waits: dict[str, list[Waited]], campaign: int) -> list[Figure]:
    figures = []
    for what, waited in waits.items():
        slots, sends = [one.slots for one in waited], [float(one.sends) for one in waited]
        name = f"wait of {what} among {campaign:,}"
        note = f"of a token with {RATE}/s and {MAILBOXES} mailboxes, beyond slots that were granted before it came"
        figures += [
            Figure(name, "slots", middle(slots), target="≤ 2", runs=slots, better="less", note=note),
            Figure(f"{name}, those slots too", "slots", middle(sends), runs=sends, better="less"),
        ]
    return figures


def _figures_of(found: Tokens) -> tuple[list[Figure], Plot]:
    tokens, (since, *_, ends) = len(found.times), found.edges
    shares = [used_by_all(found.times, *window, 1) for window in pairwise(found.edges)]
    of_each = sorted(used(times, since, ends, 1) for times in found.times)
    close = sum(too_close(times, 1) for times in found.times)
    what = f"{tokens} tokens of 1/s each"
    figures = [
        Figure(f"sends made/allowed, {what}", "share", middle(shares), target="≥ 0.985", runs=shares),
        Figure(f"sends made/allowed, the least of {what}", "share", of_each[0]),
        Figure(f"sends too close, {what}", "sends", close, target="= 0", better="less"),
        Figure(f"sends a second, {what}", "sends/s", found.sends / (ends - since)),
        Figure(
            f"cpu of workers and Redis a send, {what}",
            "ms",
            found.cpu_seconds / max(1, found.sends) * 1000,
            better="less",
        ),
    ]
    return figures, Plot(
        "tokens",
        f"Share of its pace that each of {tokens} tokens uses, least first",
        "tokens",
        "%",
        {"ours": [(number, share * 100) for number, share in enumerate(of_each, 1)]},
        kind="lines",
        target=100,
    )


def _beside_a_campaign(folder: Path, campaign: int, times: int) -> dict[str, list[Waited]]:
    accounts = {f"a{n}": "token" for n in range(MAILBOXES)}
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder, clock=True, handshake=(0.05, 0.15)))
        made = stack.enter_context(site(folder / "ours", api))
        settings = {**SETTINGS, "PEC_API__RATE": str(RATE)}
        stack.enter_context(made.workers(accounts, settings, tls=True, processes=4))
        fill.queued(made.store, campaign, first=0)
        until(lambda: len(api.send_times("token")) > 3, "the campaign goes out")
        urgent = [_wait(made, api, f"urgent{n}", "a0", 9) for n in range(times)]
        lone = [_wait(made, api, f"lone{n}", f"a{n + 1}", 5) for n in range(times)]
        return {"a lone urgent message": urgent, "a mailbox with one message": lone}


def _wait(made: Site, api: FakeApi, name: str, account: str, priority: int) -> Waited:
    granted, put_at = _slots_granted(made), time.monotonic()
    made.client.xadd("pec:jobs", {"job": send_job(name, account, priority=priority)})

    def before() -> list[str] | None:
        sends = [
            recipient for at, _, recipient in api.report(checks=10**9, hooks=10**9)["sends"] if at >= put_at
        ]
        mine = f"r{name}@pec.example"
        return sends[: sends.index(mine) + 1] if mine in sends else None

    sends = until(before, f"{name} is sent")
    time.sleep(0.7)
    return Waited(len(sends) - 1, granted)


def _slots_granted(made: Site) -> int:
    """Return the slots to come that messages already have."""
    limiter = made.store.keys.limiter(pacing.digest("token"))
    next_free_at = int(made.client.hget(limiter, "tat") or 0) / 1e6
    interval = pacing.interval_seconds(Api(rate=RATE))
    return max(0, ceil((next_free_at - made.store.now()) / interval) - 1)


def _many_tokens(folder: Path, tokens: int, seconds: float, windows: int) -> Tokens:
    accounts = {f"a{n}": f"token{n}" for n in range(tokens)}
    each = round(seconds * windows + 40)
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder, clock=True, handshake=(0.05, 0.15)))
        made = stack.enter_context(site(folder / "ours", api))
        stack.enter_context(made.workers(accounts, SETTINGS, tls=True, processes=4))
        for n in range(tokens):
            fill.queued(made.store, each, first=n * each, account=f"a{n}")
        until(lambda: len({token for _, token, _ in api.report()["sends"]}) == tokens, "all tokens send", 120)
        time.sleep(3)
        started, spent = time.monotonic(), sum(made.cpu_seconds().values())
        edges = [started + n * seconds for n in range(windows + 1)]
        time.sleep(seconds * windows)
        spent = sum(made.cpu_seconds().values()) - spent
        time.sleep(1.5)
        times: dict[str, list[float]] = {}
        for at, token, _ in api.report(checks=10**9, hooks=10**9)["sends"]:
            times.setdefault(token, []).append(at)
        return Tokens(list(times.values()), edges, spent)
