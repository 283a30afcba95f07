"""What stands in the way of a target that was missed, and what was tried. Figures in it are the result's. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

ALIKE = 1.25  # times: what is said of a figure holds for one beside it
TRIED = (
    "Tried and kept: 100 jobs taken in one write, hints and due work from one script, what a page shows kept in one "
    "write, webhooks by handfuls over a kept connection, hiredis; the profile shows before and after. Refused: to "
    "speak to the API without `requests`, which is required."
)


class Found:
    """What a result says. Raises KeyError for what it doesn't."""

    def __init__(self, result: Mapping[str, Any]) -> None:
        made = result["benchmarks"]
        self._figures = {figure["name"]: figure for one in made.values() for figure in one["figures"]}
        self._profile = made.get("hot_path", {}).get("more", {})
        self._machine = result["machine"]

    @property
    def cores(self) -> int:
        return int(self._machine["cores"])

    def ours(self, figure: str) -> float:
        return float(self._figures[figure]["ours"])

    def peers(self, peer: str, figure: str) -> float:
        return float(self._figures[figure]["peers"][peer])

    def milliseconds(self, place: str) -> float:
        """Of a worker's CPU for each PEC."""
        return float(self._profile["profile"][place] * self._profile["worker_ms"])


def why(result: Mapping[str, Any], figure: str) -> str | None:
    """Nothing where nothing is known, or what it would be told with was not measured."""
    tell = next((tell for begins, tell in TEXTS.items() if figure.startswith(begins)), None)
    try:
        return tell and tell(Found(result), figure)
    except KeyError:
        return None


def _whole_path(found: Found, figure: str) -> str:
    cpu, outside = found.ours("cpu seconds for 1,000 PEC"), found.ours(OUTSIDE)
    in_use = found.ours(figure) * (cpu + outside) / 1000
    return (
        f"workers and Redis take {cpu:.1f} s of CPU for 1,000 PEC; API, receiver and bench, which share the cores, "
        f"{outside:.1f} s: {found.cores} cores that never rest would make {found.cores * 1000 / (cpu + outside):.0f} "
        f"PEC/s. {in_use:.1f} were in use: each run ends with a wait for the last receipts. {TRIED}"
    )


def _tuned(found: Found, _: str) -> str:
    cpu, calls = "cpu seconds for 1,000 PEC", "webhooks for 1,000 PEC"
    return (
        f"workers and Redis take {found.ours(cpu):.1f} s of CPU for 1,000 PEC, its own "
        f"{found.peers('Dramatiq tuned', cpu):.1f} s; it tells {found.peers('Dramatiq tuned', calls):,.0f} webhooks in "
        f"place of {found.ours(calls):,.0f}, claims nothing before it sends, and can repeat or lose what a dead worker "
        f"held. {TRIED}"
    )


def _by_its_guide(found: Found, _: str) -> str:
    asked = 2 * found.peers("Dramatiq by its guide", "PEC a second, whole path")
    there, outside = found.cores * 1000 / asked, found.ours(OUTSIDE)
    places = {place: found.milliseconds(place) for place in ("HTTP", "redis-py", "Dramatiq")}
    least = {"Redis": found.ours("redis cpu seconds for 1,000 PEC"), **places}
    told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in least.items())
    return (
        f"twice its pace is {asked:.0f} PEC/s, at which {found.cores} cores have {there:.1f} s of CPU for 1,000 PEC. "
        f"API, receiver and bench take {outside:.1f} s, so {there - outside:.1f} s are left; ours takes "
        f"{found.ours('cpu seconds for 1,000 PEC'):.1f} s, {sum(least.values()):.1f} s of it in what was not written "
        f"here ({told}). {TRIED}"
    )


def _many_tokens(found: Found, figure: str) -> str:
    what = figure.partition(", ")[2]
    pace, cost = found.ours(f"sends a second, {what}"), found.ours(f"cpu of workers and Redis a send, {what}")
    asked = int(what.partition(" ")[0])
    return (
        f"a send takes {cost:.1f} ms of CPU of workers and Redis, its TLS handshake included, so {asked} a second want "
        f"{cost * asked / 1000:.1f} cores; {pace:.0f} a second took {cost * pace / 1000:.1f} of the {found.cores} that "
        "they share with the API, its side of TLS and the bench. Each send has a connection of its own, so that one "
        "that could not be opened is known to have sent nothing; kept connections would save handshakes and lose that."
    )


def _share(found: Found, _: str) -> str:
    return (
        f"workers, Redis and the API's TLS share {found.cores} cores, below 20/s with every other contender too; a "
        "slot whose thread wakes too late is moved, and where the next is given already it is lost. Tried and kept: "
        "slots given as far ahead as hints go, a late claim kept for the next slot. Tried and dropped: switching "
        "threads each millisecond, which cost a fifth of the pace."
    )


def _close(found: Found, _: str) -> str:
    return (
        "what is left is, most likely, a thread that is kept from running between its last look at the clock and its "
        f"first byte, on {found.cores} cores that all share. Tried and kept: a late send's slot is moved, its lateness "
        "looked at again, and what is not known of Redis's clock counts as lateness. Tried and dropped: switching "
        "threads each millisecond, which brought no distance."
    )


def _commands(found: Found, figure: str) -> str:
    rate = figure.removeprefix("commands per send at ")
    idle = found.ours(f"commands a second while idle, at {rate}")
    return (
        f"{idle / int(rate.removesuffix('/s')):.1f} of them for each send come of four processes that look for what is "
        "due and tell that they live, send or no send. Tried and kept: one script for hints and due work, one for "
        "telling, resting until what is due next: at 1/s it was 120 before."
    )


def _send_many(found: Found, figure: str) -> str:
    return (
        f"one process has {1e6 / found.ours(figure):.0f} µs for a message, about half of them, by cProfile, for the "
        "check of its address (email-validator). Tried and kept: a text that many jobs share is encoded once."
    )


def _lateness(found: Found, figure: str) -> str | None:
    few = found.ours("lateness p99, 1,000 waiting")
    if found.ours(figure) > few * ALIKE:
        return None
    return (
        f"it is {few:.2f} s with 1,000 waiting, so it is not what waits: the last of 100 checks due at the same "
        f"instant comes after the 99 before it, on {found.cores} cores shared with the API."
    )


def _idle(found: Found, figure: str) -> str | None:
    few = found.ours("idle CPU of workers, 1,000 waiting")
    if found.ours(figure) > few * ALIKE:
        return None
    return (
        f"it is {few:.1f} % with 1,000 waiting, so it is not what waits: each process looks for due work and for "
        "others' hints once a second. Tried and kept: resting until what is due next, a second at most."
    )


OUTSIDE = "outside the count: cpu seconds of API, receiver and bench for 1,000 PEC"
TEXTS: Mapping[str, Callable[[Found, str], str | None]] = {  # by how a figure's name begins
    "PEC a second, whole path": _whole_path,
    "PEC a second, to Dramatiq tuned": _tuned,
    "PEC a second, to Dramatiq by its guide": _by_its_guide,
    "sends made/allowed, ": _many_tokens,
    "sends made/allowed at ": _share,
    "sends too close": _close,
    "commands per send at ": _commands,
    "send_many, ": _send_many,
    "lateness p99, ": _lateness,
    "idle CPU of workers, ": _idle,
}
