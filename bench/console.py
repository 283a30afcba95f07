"""Console: seconds of each page with many messages stored, and what an overview costs that fifty people leave open.

The overview that a page's menu needs is read anew for each page that is measured, though the console keeps it for two
seconds. The messages are of three mailboxes, ten batches and all states, and changed in the last 30 days.
"""

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import quote

import requests
import uvicorn

from bench import console_fill, processes
from bench.console_fill import ACCOUNTS, BATCHES, WORD
from bench.figures import Figure, Outcome
from bench.site import Site, fake_api, site, until
from config.settings import Settings
from console.app import build_app
from pec.operations.people.users import add_user
from pec.operations.session import Session
from pec.users import Role

SIZES = {100_000: 0.150, 1_000_000: 0.300}  # messages → the most that a page may take
RUNS = 5
TABS, EVERY_SECONDS, WATCHED_SECONDS = 50, 5.0, 20.0
NAME, PASSWORD = "bench", "a long enough word"


def run(folder: Path, *, quick: bool = False) -> Outcome:
    sizes = {size // 20: most for size, most in SIZES.items()} if quick else SIZES
    with fake_api(folder) as api, site(folder / "ours", api) as made:
        settings = _settings(made)
        add_user(made.store, settings, NAME, Role.ADMIN, (), PASSWORD)
        figures: list[Figure] = []
        stored = 0
        for size, most in sizes.items():
            console_fill.messages(made.store, size - stored, first=stored)
            console_fill.surroundings(made.store) if not stored else None
            stored = size
            figures += _pages(made, settings, size, most)
        figures.append(_tabs(made, stored, WATCHED_SECONDS / (10 if quick else 1)))
    return Outcome(figures)


def _settings(made: Site) -> Settings:
    account = {"username": "bench", "password": "bench"}
    return Settings.model_validate(
        {
            "redis_url": made.server.url,
            "api": {"url": made.api.url, "token": "token"},
            "accounts": {name: {**account, "sender": f"{name}@pec.example"} for name in ACCOUNTS},
            "webhooks": {"endpoints": [{"name": "crm", "url": "https://crm.example/", "secret": _SECRET}]},
        }
    )


_SECRET = "whsec_" + "YmVuY2ggYmVuY2ggYmVuY2ggYmVuY2ggYmVuY2g="


def _addresses(made: Site) -> dict[str, str]:
    """Return a page of each kind, with the filters and the searches that cost most."""
    message, held = console_fill.some_message(made.store), console_fill.some_held(made.store)
    batch = quote(BATCHES[0])
    return {
        "overview": "/",
        "overview's figures": "/overview/figures",
        "messages": "/messages",
        "messages in a state": "/messages?state=delivered",
        "messages of a mailbox": f"/messages?account={ACCOUNTS[-1]}",
        "messages of a day": f"/messages?since={time.strftime('%Y-%m-%d', time.gmtime(time.time() - 86_400))}",
        "messages of a batch": f"/messages?batch={batch}",
        "a batch's messages in a state": f"/messages?batch={batch}&state=undelivered",
        "a search for words that few have": f"/messages?q={WORD}",
        "a search for words that no message has": "/messages?q=nessuno-ha-questo",
        "a message": f"/messages/{quote(message)}",
        "decisions": "/decisions",
        "a decision": f"/messages/{quote(held)}/resend",
        "incoming mail": "/incoming",
        "mailboxes": "/mailboxes",
        "webhooks": "/webhooks",
        "an endpoint": "/webhooks/crm?limit=1000",
        "an endpoint without dead letters": "/webhooks/empty",
        "rejected jobs": "/rejected",
        "figures of an hour": "/figures",
        "figures of a week": "/figures?period=week",
        "workers": "/workers",
        "Redis": "/redis",
        "audit": "/audit",
        "users": "/users",
    }


def _pages(made: Site, settings: Settings, size: int, most: float) -> list[Figure]:
    with _serving(made, settings) as (url, forget):
        browser = _logged_in(url)
        found = {
            name: [_taken(made, browser, url + path, forget) for _ in range(RUNS)]
            for name, path in _addresses(made).items()
        }
    taken = {name: [one.seconds for one in each] for name, each in found.items()}
    cpu = {name: median(one.cpu_seconds for one in each) for name, each in found.items()}
    slowest, costliest = (
        max(taken, key=lambda name: median(taken[name])),
        max(cpu, key=lambda name: cpu[name]),
    )
    return [
        Figure(
            f"slowest page with {size:,} messages: {slowest}", "s", median(taken[slowest]),
            target=f"≤ {most}", better="less", runs=taken[slowest],
            note=f"the median of {RUNS} requests, in milliseconds: {_listed({k: median(v) for k, v in taken.items()})}",
        ),
        Figure(
            f"CPU of the costliest page with {size:,} messages: {costliest}", "s", cpu[costliest],
            target=f"≤ {most}", better="less",
            note="of the console, Redis and the client that asks, in milliseconds, "
            f"which other work on the machine does not change: {_listed(cpu)}",
        ),
    ]  # fmt: skip


def _listed(seconds: Mapping[str, float]) -> str:
    return ", ".join(
        f"{name} {each * 1000:.0f}" for name, each in sorted(seconds.items(), key=lambda one: -one[1])
    )


@dataclass(frozen=True, slots=True)
class _Taken:
    """The time that a request took, and the CPU of the console, Redis and the client."""

    seconds: float
    cpu_seconds: float


def _taken(made: Site, browser: requests.Session, address: str, forget: Callable[[], None]) -> _Taken:
    def cpu() -> float:
        redis = made.client.info("cpu")
        return time.process_time() + float(redis["used_cpu_user"]) + float(redis["used_cpu_sys"])

    forget()
    before, began = cpu(), time.perf_counter()
    answer = browser.get(address, timeout=60)
    taken = _Taken(time.perf_counter() - began, cpu() - before)
    if answer.status_code != 200 or "/login" in answer.url:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    return taken


@contextmanager
def _serving(made: Site, settings: Settings) -> Iterator[tuple[str, Callable[[], None]]]:
    """Serve the console in a thread. Yield its address, and what makes it read the overview anew."""
    app = build_app(Session(settings, made.store))
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, ws="none", proxy_headers=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started, "the console starts")
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", app.state.overview.forget
    finally:
        server.should_exit = True
        thread.join(20)


def _logged_in(url: str) -> requests.Session:
    browser = requests.Session()
    form = browser.get(f"{url}/login", timeout=30).text
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', form)
    fields = {"csrf": token[1] if token else "", "name": NAME, "password": PASSWORD}
    browser.post(f"{url}/login", data=fields, timeout=30)
    return browser


def _tabs(made: Site, size: int, seconds: float) -> Figure:
    """Measure a console's process and Redis while so many tabs ask for the overview's figures, as the page does."""
    ready = made.folder / "console.ready"
    command = [sys.executable, "-m", "console", "--port", "0", "--ready-file", str(ready)]
    environment = made.settings(dict.fromkeys(ACCOUNTS, "token"))
    with made.run(command, environment, log="console.log") as pid:
        until(ready.exists, "the console starts")
        url = ready.read_text().strip()
        browser = _logged_in(url)
        redis = made.server.pid or 0
        stop = threading.Event()
        tabs = [
            threading.Thread(target=_tab, args=[browser.cookies, url, number, stop], daemon=True)
            for number in range(TABS)
        ]
        for one in tabs:
            one.start()
        time.sleep(min(seconds, EVERY_SECONDS))
        shares = _shares(pid, redis, seconds)
        stop.set()
        for one in tabs:
            one.join(60)
    return Figure(
        f"overview in {TABS} open tabs with {size:,} messages", "share of a core", sum(shares),
        target="≤ 0.10", better="less",
        note=f"the console's process {shares[0]:.3f}, Redis {shares[1]:.3f}; each tab asks every {EVERY_SECONDS:.0f} s",
    )  # fmt: skip


def _shares(console: int, redis: int, seconds: float) -> Sequence[float]:
    def used() -> tuple[float, float]:
        return processes.cpu_seconds(console), processes.cpu_seconds_of(redis)

    before, since = used(), time.monotonic()
    time.sleep(seconds)
    elapsed = time.monotonic() - since
    return [(after - sooner) / elapsed for after, sooner in zip(used(), before, strict=True)]


def _tab(cookies: requests.cookies.RequestsCookieJar, url: str, number: int, stop: threading.Event) -> None:
    browser = requests.Session()
    browser.cookies.update(cookies)
    stop.wait(number * EVERY_SECONDS / TABS)
    while not stop.is_set():
        browser.get(f"{url}/overview/figures", headers={"HX-Request": "true"}, timeout=60)
        stop.wait(EVERY_SECONDS)
