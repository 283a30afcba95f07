"""How the IMAP door goes wrong: what tests choose, and the door reads before each answer."""

from collections import Counter
from collections.abc import Callable
from threading import Lock

from pydantic import BaseModel, Field


class ImapBehaviour(BaseModel):
    """The default of each field is a door without faults. The API works whatever the door does."""

    down: bool = False  # connections are closed at once
    refuses_logins: bool = False
    delay_seconds: float = Field(0, ge=0, le=600)  # before each answer
    cuts: int = Field(0, ge=0)  # so many mails are cut in the middle, and their connection closed


class ImapFaults:
    """Safe for threads."""

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()  # how often a client met each of them
        self._behaviour = ImapBehaviour()
        self._hang_up: Callable[[], object] | None = None
        self._lock = Lock()

    @property
    def behaviour(self) -> ImapBehaviour:
        return self._behaviour

    def behave(self, behaviour: ImapBehaviour) -> None:
        """Behave so from now on. A door that goes down drops the connections it has."""
        with self._lock:
            self._behaviour = behaviour
        if behaviour.down or behaviour.refuses_logins:
            self.hang_up()

    def take_cut(self) -> bool:
        """Return whether the mail that is about to be written is to be cut."""
        with self._lock:
            cuts = self._behaviour.cuts
            self._behaviour = self._behaviour.model_copy(update={"cuts": max(cuts - 1, 0)})
            self.met["cuts"] += cuts > 0
        return cuts > 0

    def count(self, name: str) -> None:
        """Note that a client met a fault."""
        with self._lock:
            self.met[name] += 1

    def on_hang_up(self, hang_up: Callable[[], object]) -> None:
        """Let the door say how its connections are dropped."""
        self._hang_up = hang_up

    def hang_up(self) -> None:
        """Drop every connection, as a server does that was restarted."""
        if self._hang_up:
            self._hang_up()
