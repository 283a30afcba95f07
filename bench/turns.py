"""Turns: how long a lone urgent message and a small mailbox wait beside a campaign, and 200 tokens at once."""

import itertools
import time
from contextlib import ExitStack
from pathlib import Path

from bench import filling
from bench.figures import Figure, Outcome, Plot, middle, used
from bench.pace import LONG_AGO
from bench.site import FakeApi, Site, fake_api, send_job, site, until

RATE = 5
MAILBOXES = 100
CAMPAIGN = 20_000
TOKENS = 200
SETTINGS = {"PEC_RECEIPTS__BACKOFF": LONG_AGO, "PEC_QUOTA__INTERVAL": "86400"}


def run(folder: Path, *, quick: bool = False) -> Outcome:
    waits = _beside_a_campaign(folder / "campaign", 500 if quick else CAMPAIGN, 1 if quick else 5)
    shares = _many_tokens(
        folder / "tokens", 20 if quick else TOKENS, 3.0 if quick else 12.0, 1 if quick else 3
    )
    tokens = 20 if quick else TOKENS
    figures = [
        Figure(
            f"wait of {what} among {CAMPAIGN:,}",
            "slots",
            middle(slots),
            target="≤ 2",
            runs=slots,
            better="less",
            note=f"of a token with {RATE}/s and {MAILBOXES} mailboxes, beyond what was already on the wire",
        )
        for what, slots in waits.items()
    ]
    median_token = middle(middle(of_token) for of_token in shares)
    figures.append(
        Figure(f"sends made/allowed, {tokens} tokens of 1/s each", "share", median_token, target="≥ 0.985")
    )
    plot = Plot(
        "tokens",
        f"Share of its pace that each of {tokens} tokens uses, least first",
        "tokens",
        "%",
        {"ours": [(n, share * 100) for n, share in enumerate(sorted(middle(one) for one in shares), 1)]},
        kind="lines",
        target=100,
    )
    return Outcome(figures, [plot])


def _beside_a_campaign(folder: Path, campaign: int, times: int) -> dict[str, list[float]]:
    accounts = {f"a{n}": "token" for n in range(MAILBOXES)}
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder, handshake=(0.05, 0.15)))
        made = stack.enter_context(site(folder / "ours", api))
        settings = {**SETTINGS, "PEC_API__RATE": str(RATE)}
        stack.enter_context(made.workers(accounts, settings, tls=True, processes=4))
        filling.queued(made.store, campaign, first=0)
        until(lambda: len(api.send_times("token")) > 3, "the campaign goes out")
        urgent = [_slots_waited(made, api, f"urgent{n}", "a0", 9) for n in range(times)]
        lone = [_slots_waited(made, api, f"lone{n}", f"a{n + 1}", 5) for n in range(times)]
        return {"a lone urgent message": urgent, "a mailbox with one message": lone}


def _slots_waited(made: Site, api: FakeApi, name: str, account: str, priority: int) -> float:
    """Sends that went before it since it was put in, without those that were on the wire then."""
    on_the_wire = sum(made.client.zcard(key) for key in made.client.scan_iter("pec:flight:*"))
    put_at = time.monotonic()
    made.client.xadd("pec:jobs", {"job": send_job(name, account, priority=priority)})

    def before() -> list[str] | None:
        sends = [
            recipient for at, _, recipient in api.report(looks=10**9, hooks=10**9)["sends"] if at >= put_at
        ]
        mine = f"r{name}@pec.example"
        return sends[: sends.index(mine) + 1] if mine in sends else None

    sends = until(before, f"{name} is sent")
    time.sleep(0.7)
    return float(max(0, len(sends) - 1 - on_the_wire))


def _many_tokens(folder: Path, tokens: int, seconds: float, windows: int) -> list[list[float]]:
    """Of each token, its share in each window."""
    accounts = {f"a{n}": f"token{n}" for n in range(tokens)}
    each = round(seconds * windows + 40)
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder, handshake=(0.05, 0.15)))
        made = stack.enter_context(site(folder / "ours", api))
        stack.enter_context(made.workers(accounts, SETTINGS, tls=True, processes=4))
        for n in range(tokens):
            filling.queued(made.store, each, first=n * each, account=f"a{n}")
        until(lambda: len({token for _, token, _ in api.report()["sends"]}) == tokens, "all tokens send", 120)
        time.sleep(3)
        started = time.monotonic()
        time.sleep(seconds * windows + 1.5)
        times: dict[str, list[float]] = {}
        for at, token, _ in api.report(looks=10**9, hooks=10**9)["sends"]:
            times.setdefault(token, []).append(at)
        edges = [started + n * seconds for n in range(windows + 1)]
        return [
            [used(one, since, end, 1) for since, end in itertools.pairwise(edges)] for one in times.values()
        ]
