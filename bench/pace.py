"""Pace: how much of one token's allowed rate is used, and whether it is ever exceeded. Contenders run side by side."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

from bench.figures import Figure, Outcome, Plot, middle, too_close, used
from bench.peers.running import PEERS, Peer, running
from bench.site import FakeApi, Site, fake_api, put, site, until

PROCESSES, THREADS = 4, 8
APART = "0.5"  # seconds between the clocks of one worker process and the next
WARM_SECONDS = 4.0
LONG_AGO = "[3600]"  # no receipts are looked for meanwhile
COUNTED_SENDS = 20  # of which the commands are counted: what a worker does each few seconds evens out
WINDOWS = {1: 15.0, 5: 10.0, 50: 5.0}
SIDE_BY_SIDE_BELOW = 20  # sends a second
QUICK_WINDOWS = {5: 3.0}
FAR_RATE, FAR_SECONDS, FAR_ANSWERS = 20, 10.0, (0.15, 0.6)  # seconds for an answer, of an API far away
FAR_TARGET = "0.97"
OURS = {"ours": {}, "ours, no margin": {"PEC_API__MARGIN_SECONDS": "0"}}
TARGETS = {1: ("0.995", "0.995"), 5: ("0.995", "0.995"), 50: ("0.97", None)}
MAX_COMMANDS = {1: 15, 5: 30, 50: 30}


@dataclass(slots=True)
class Measured:
    """The figures of one contender at one rate."""

    shares: list[float]
    close: int
    commands_a_send: float
    idle: tuple[float, float] = (0.0, 0.0)  # commands a second: to the truth, to the broker


def run(folder: Path, *, quick: bool = False) -> Outcome:
    windows = QUICK_WINDOWS if quick else WINDOWS
    found = {
        rate: _at_rate(folder / str(rate), rate, seconds, 2 if quick else 3)
        for rate, seconds in windows.items()
    }
    figures = [figure for rate, measured in found.items() for figure in _figures(rate, measured)]
    far = _race(
        folder / "far", ["ours"], FAR_RATE, 3.0 if quick else FAR_SECONDS, 2 if quick else 3, FAR_ANSWERS
    )
    figures += _far_figures(far["ours"])
    names = list(next(iter(found.values())))
    lines = {
        name: [(f"{rate}/s", middle(measured[name].shares) * 100) for rate, measured in found.items()]
        for name in names
    }
    plot = Plot(
        "pace", "Share of the allowed pace that is used", "allowed sends a second", "%", lines, target=100
    )
    note = (
        "Contenders run side by side, each with a token of its own; at 50/s one after the other: two cores "
        "don't hold all of them and an API over TLS. What a peer got by sends too close is left out of the ratio. "
        "taskiq's documentation names no rate limit. Celery's worker, whose limit holds for one instance, made one "
        "send a second at each limit; the cause was not found. *Too close*: nearer than the interval by more than "
        "20 ms; from 20/s on, more than the rate and one within a second. *No margin*: PEC_API__MARGIN_SECONDS=0."
    )
    return Outcome(figures, [plot], [note])


def _at_rate(folder: Path, rate: int, seconds: float, windows: int) -> dict[str, Measured]:
    contenders: list[str | Peer] = [*OURS, *(peer for peer in PEERS if peer.paced)]
    if rate < SIDE_BY_SIDE_BELOW:
        return _race(folder, contenders, rate, seconds, windows)
    found: dict[str, Measured] = {}
    for number, one in enumerate(contenders):
        found |= _race(folder / str(number), [one], rate, seconds, windows)
    return found


def _race(
    folder: Path,
    contenders: Sequence[str | Peer],
    rate: int,
    seconds: float,
    windows: int,
    answers: tuple[float, float] = (0.0, 0.0),
) -> dict[str, Measured]:
    """Ours by their names, and peers. `answers`: seconds that the API takes for one."""
    # more than anyone's clocks and bursts let through
    count = round(rate * (WARM_SECONDS + windows * seconds) * 2.5) + 2 * COUNTED_SENDS
    sites: dict[str, Site] = {}
    producing: list[Callable[[], object]] = []
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder, clock=True, handshake=(0.05, 0.15), answers=answers))
        for name in [one for one in contenders if isinstance(one, str)]:
            sites[name] = made = _start_ours(stack, folder, api, name, rate)
            producing.append(partial(put, made, count))
        idle = {name: _idle(made) for name, made in sites.items() if name == "ours"}
        peers = [one for one in contenders if isinstance(one, Peer)]
        for peer in peers:
            sites[peer.name] = made = stack.enter_context(site(folder / peer.name.replace(" ", "-"), api))
            running_peer = running(
                peer, made, peer.name, tls=True, rate=str(rate), apart=APART, followed="no"
            )
            stack.enter_context(running_peer.workers(PROCESSES, THREADS))
            producing.append(partial(running_peer.produce, "send", count))
        time.sleep(4 if peers else 0)  # Dramatiq's and Celery's processes are up; ours are known to be
        for produce in producing:
            produce()
        until(lambda: all(len(api.send_times(name)) > 2 for name in sites), "all contenders send")
        time.sleep(WARM_SECONDS)
        return _measure(api, sites, idle, rate, seconds, windows)


def _start_ours(stack: ExitStack, folder: Path, api: FakeApi, name: str, rate: int) -> Site:
    made = stack.enter_context(site(folder / name.replace(", ", "-").replace(" ", "-"), api))
    settings = {
        "PEC_API__RATE": str(rate),
        **OURS[name],
        "PEC_RECEIPTS__BACKOFF_SECONDS": LONG_AGO,
    }
    settings["BENCH_APART"] = APART
    if rate > 20:  # as docs/operations.md says of a faster token
        settings["PEC_API__IN_FLIGHT"] = "16"
    stack.enter_context(made.workers({"a0": name}, settings, tls=True, processes=PROCESSES, threads=THREADS))
    return made


def _idle(made: Site, seconds: float = 4.0) -> tuple[float, float]:
    time.sleep(2)  # they have come to rest
    with made.monitor() as monitor:
        time.sleep(seconds)
        counted = monitor.counted()
    return counted["truth"] / seconds, counted["broker"] / seconds


def _measure(
    api: FakeApi,
    sites: Mapping[str, Site],
    idle: Mapping[str, tuple[float, float]],
    rate: int,
    seconds: float,
    windows: int,
) -> dict[str, Measured]:
    """Commands are counted in a window of their own, before those of the pace. Sends too close: from the first."""
    counted = _commands_a_send(api, sites, rate)
    started = time.monotonic()
    time.sleep(seconds * windows + 2 / rate + 0.5)
    edges = [started + n * seconds for n in range(windows + 1)]
    found = {}
    for name in sites:
        times = api.send_times(name)
        shares = [used(times, since, end, rate) for since, end in pairwise(edges)]
        found[name] = Measured(shares, too_close(times, rate), counted[name], idle.get(name, (0.0, 0.0)))
    return found


def _commands_a_send(api: FakeApi, sites: Mapping[str, Site], rate: int) -> dict[str, float]:
    """Beyond the broker's idle polling (ours: a peer's queue shares its only database, and counts in full)."""
    seconds, started = max(3.0, COUNTED_SENDS / rate), time.monotonic()
    with ExitStack() as stack:
        monitors = {name: stack.enter_context(made.monitor()) for name, made in sites.items()}
        time.sleep(seconds)
        counted = {name: _beyond_polling(monitor.counted()) for name, monitor in monitors.items()}
    sends = {name: sum(started <= at < started + seconds for at in api.send_times(name)) for name in sites}
    return {name: counted[name] / max(1, sends[name]) for name in sites}


def _beyond_polling(counted: Mapping[str, int]) -> int:
    """Count only as many fetches as brought messages."""
    return counted["truth"] + counted["broker"] - counted["fetch"] + counted["ack"]


def _figures(rate: int, measured: Mapping[str, Measured]) -> list[Figure]:
    peers = {name: one for name, one in measured.items() if name not in OURS}
    ours, bare = measured["ours"], measured["ours, no margin"]
    shares = {name: middle(one.shares) for name, one in peers.items()}
    fouls = [name for name, one in peers.items() if one.close]
    target, bare_target = TARGETS[rate]
    truth, broker = ours.idle
    return [
        Figure(
            f"sends made/allowed at {rate}/s",
            "share",
            middle(ours.shares),
            shares,
            f"≥ {target}",
            ours.shares,
            fouls=fouls,
        ),
        Figure(
            f"sends made/allowed at {rate}/s, no margin",
            "share",
            middle(bare.shares),
            shares,
            bare_target and f"≥ {bare_target}",
            bare.shares,
            fouls=fouls,
        ),
        Figure(
            f"sends too close at {rate}/s",
            "sends",
            ours.close,
            {name: one.close for name, one in peers.items()},
            "= 0",
            better="less",
        ),
        Figure(f"sends too close at {rate}/s, no margin", "sends", bare.close, {}, "= 0", better="less"),
        Figure(
            f"commands per send at {rate}/s",
            "commands",
            ours.commands_a_send,
            {name: one.commands_a_send for name, one in peers.items()},
            f"≤ {MAX_COMMANDS[rate]}",
            better="less",
            note=f"32 threads wait for one token; {broker:.0f}/s of idle polling (broker) not counted, a peer's is",
        ),
        Figure(f"commands a second while idle, at {rate}/s", "commands/s", truth, better="less"),
    ]


def _far_figures(ours: Measured) -> list[Figure]:
    at = f"at {FAR_RATE}/s, answers after {FAR_ANSWERS[0]} to {FAR_ANSWERS[1]} s"
    note = "what its places on the wire allow: by default, as many as the sends of 4 s"
    share = Figure(
        f"sends made/allowed {at}",
        "share",
        middle(ours.shares),
        {},
        f"≥ {FAR_TARGET}",
        ours.shares,
        note=note,
    )
    return [share, Figure(f"sends too close {at}", "sends", ours.close, {}, "= 0", better="less")]
