"""Faults of the IMAP door, and of what people and providers do in mailboxes."""

from functools import partial
from typing import Any

from tests.chaos.agenda import Agenda
from tests.chaos.campaign import ACCOUNTS
from tests.chaos.faults import FaultsByName
from tests.chaos.world import FILED_IN, World, sender

SLOW_SECONDS = 0.2  # before each answer


class ImapFaults:
    """A door that fails for a while, and mailboxes that are not what they were."""

    def __init__(self, world: World, agenda: Agenda) -> None:
        self._world = world
        self._agenda = agenda
        self._door: dict[str, Any] = {}  # how it behaves now
        self.by_name: FaultsByName = {
            "imap-down": self._imap_down,
            "imap-refused": self._imap_refused,
            "imap-slow": self._imap_slow,
            "imap-cut": self._imap_cut,
            "imap-hang-up": self._imap_hang_up,
            "imap-renumbered": self._imap_renumbered,
            "imap-rule": self._imap_rule,
            "imap-doubled": self._imap_doubled,
            "imap-mail": self._imap_mail,
        }

    def _imap_down(self, seconds: float) -> None:
        self._imap_goes_wrong(seconds, down=True)

    def _imap_refused(self, seconds: float) -> None:
        self._imap_goes_wrong(seconds, refuses_logins=True)

    def _imap_slow(self, seconds: float) -> None:
        self._imap_goes_wrong(seconds, delay_seconds=SLOW_SECONDS)

    def _imap_cut(self, count: int) -> None:
        self._door["cuts"] = count
        self._world.make("imap", **self._door)

    def _imap_goes_wrong(self, seconds: float, **how: Any) -> None:
        self._door |= how
        self._world.make("imap", **self._door)
        self._agenda.within(seconds, partial(self._imap_goes_right, how))

    def _imap_goes_right(self, how: dict[str, Any]) -> None:
        self._door = {name: value for name, value in self._door.items() if name not in (*how, "cuts")}
        self._world.make("imap", **self._door)

    def _imap_hang_up(self) -> None:
        self._world.make("imap/hang-up")

    def _imap_renumbered(self, number: int) -> None:
        self._world.make("imap/uid-validity", mailbox=self._mailbox(number))

    def _imap_rule(self, number: int, subject: str) -> None:
        """A person files receipts into another folder, which the settings name."""
        rule = {"mailbox": self._mailbox(number), "subject": subject, "folder": FILED_IN}
        self._world.make("imap/rule", **rule)

    def _imap_doubled(self, number: int, subject: str) -> None:
        self._world.make("imap/double", mailbox=self._mailbox(number), subject=subject)

    def _imap_mail(self, number: int, kind: str) -> None:
        """Put a mail into a mailbox that is no receipt."""
        mail = {"sender": "comune@altrove.example", "subject": "CONSEGNA: sollecito", "text": "Salve"}
        self._world.make("receipts", mailbox=self._mailbox(number), kind=kind, **mail)

    @staticmethod
    def _mailbox(number: int) -> str:
        return sender(ACCOUNTS[number % len(ACCOUNTS)])
