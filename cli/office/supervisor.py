"""Starts the parts in order, starts again each one that ends, and stops them in the opposite order."""

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

from cli import output
from cli.errors import Exit, Failure
from cli.office.part import Part
from cli.office.signals import Signals
from config.texts import Text, _

_LOOK_SECONDS = 0.2  # until a part that starts is asked again
_LONGEST_SECONDS = 60.0  # between two starts
_STEADY_SECONDS = 60.0  # after which an end counts as the first one again
_HOPELESS = (Exit.USAGE, Exit.CREDENTIALS)  # another start would end so too


@dataclass
class _State:
    ready: bool = False  # it was, once
    started_at: float = 0.0
    ends: int = 0  # in a row
    due_at: float | None = None  # of the next start; None while it runs


class Supervisor:
    """Watches its parts from the main thread."""

    def __init__(self, parts: Sequence[Part], signals: Signals) -> None:
        self._states = {part: _State() for part in parts}
        self._signals = signals

    def bring_up(self, parts: Sequence[Part]) -> None:
        """Start parts, and return once they are ready, or the order to stop came. All are watched meanwhile.

        Raise Failure if their settings can't be used.
        """
        for part in parts:
            self._start(part)
        while not (self._signals.stopping or all(self._ready(part) for part in parts)):
            self._signals.wait(_LOOK_SECONDS)
            self._look()

    def watch(self) -> None:
        """Start parts again until the order to stop comes."""
        while not self._signals.stopping:
            self._look()
            self._signals.wait(self._seconds_until_start())

    def stop(self) -> None:
        """Stop all parts, the last one first."""
        for part in reversed(list(self._states)):
            part.stop()

    def _look(self) -> None:
        for part, state in self._states.items():
            if part.exit_code is not None and state.due_at is None:
                self._ended(part, state)
            elif state.due_at is not None and state.due_at <= time.monotonic() and not self._signals.stopping:
                self._start(part)

    def _start(self, part: Part) -> None:
        state = self._states[part]
        state.due_at, state.started_at = None, time.monotonic()
        part.start()

    def _ready(self, part: Part) -> bool:
        state = self._states[part]
        state.ready = state.ready or part.is_ready()
        return state.ready

    def _ended(self, part: Part, state: _State) -> None:
        part.end_the_rest()
        code = part.exit_code or 0
        why = _how(code)
        if not state.ready and (code in _HOPELESS or (code > 0 and part is next(iter(self._states)))):
            raise Failure(
                _("{part} did not start ({why}):\n{log}").format(
                    part=part.recipe.name, why=why, log=part.log.last_lines()
                ),
                Exit(code) if code in _HOPELESS else Exit.UNEXPECTED,
            )
        steady = time.monotonic() - state.started_at > _STEADY_SECONDS
        state.ends = 1 if steady else state.ends + 1
        delay = min(2.0 ** (state.ends - 1), _LONGEST_SECONDS)
        state.due_at = time.monotonic() + delay
        output.note(
            _("{part} ended ({why}) and starts again in {seconds} s. Its output: {log}").format(
                part=part.recipe.name, why=why, seconds=format(delay, ".0f"), log=part.log.path
            )
        )

    def _seconds_until_start(self) -> float | None:
        due = [state.due_at for state in self._states.values() if state.due_at is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None


def _how(code: int) -> Text:
    if code < 0:
        return _("killed by {signal}").format(signal=signal.Signals(-code).name)
    return _("exit code {code}").format(code=code)
