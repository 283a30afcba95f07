"""Mails in the mailbox that mislead, and receipts that come too late."""

import itertools
from collections.abc import Callable
from typing import Any

from tests.chaos.agenda import NotYet
from tests.chaos.campaign import Campaign, ids_of
from tests.chaos.faults import FaultsByName
from tests.chaos.world import World

UNDELIVERED = ("mancata-consegna+", "tempo-massimo+", "silenzio+")  # looked at again after their end


class MailFaults:
    """Forged receipts, receipts of others, and those that come after their message was given up."""

    def __init__(self, world: World, campaign: Campaign) -> None:
        self._world = world
        self._campaign = campaign
        self._order = itertools.count()
        self.late: set[str] = set()  # messages whose CONSEGNA came after they had expired
        self.by_name: FaultsByName = {
            "forge": self._forge,
            "foreign": self._foreign,
            "late": self._late,
        }

    def _forge(self, number: int) -> bool:
        """Plant a forged mail with the title of our CONSEGNA, reference and code included."""
        mark = f"truffa.{next(self._order)}@pec.example"
        return self._plant("forge", mark, number, mark, lambda pec: f"{pec['subject']} {pec['code']}")

    def _foreign(self, number: int) -> bool:
        """A true CONSEGNA of another's PEC: with a subject like ours, and a code that begins with ours."""
        who = "posta-certificata@pecmassiva.example"
        return self._plant(
            "foreign", "", number, who, lambda pec: f"{pec['subject'].partition(' [rif.')[0]} {pec['code']}7"
        )

    def _plant(
        self, name: str, mark: str, number: int, who: str, title: Callable[[dict[str, Any]], str]
    ) -> bool:
        """It has come about when a worker was shown the mark."""
        sent = [
            one for one in self._world.sent() if all(to.startswith(UNDELIVERED) for to in one["recipients"])
        ]
        if not sent:  # of what is delivered a CONSEGNA more says nothing new
            raise NotYet
        pec = sent[number % len(sent)]
        self._world.api.marks[mark or f"{pec['code']}7"] = name
        mail = (pec["sender"], who, f"CONSEGNA: {title(pec)}", "Consegnato.")
        self._world.network.run(self._world.api.plant(*mail))
        return False

    def _late(self, number: int) -> bool:
        """A CONSEGNA after 30 h, when its message was given up: it comes true all the same. Once one has expired."""
        given_up = [pec for pec in self._world.sent() if self._was_given_up(pec)]
        if not given_up:
            raise NotYet
        pec = given_up[number % len(given_up)]
        self._world.make(f"delivered/{pec['code']}")
        self.late |= set(ids_of(pec["recipients"], self._campaign.tags))
        return False

    def _was_given_up(self, pec: dict[str, Any]) -> bool:
        if not pec["recipients"][0].startswith("silenzio+"):
            return False
        [message_id] = ids_of(pec["recipients"], self._campaign.tags)
        state: Any = self._world.client.hget(f"pec:message:{message_id}", "state")
        return state == b"expired" and message_id not in self.late
