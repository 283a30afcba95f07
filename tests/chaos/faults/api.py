"""Faults of the API, and of the way to it."""

from tests.chaos.agenda import Agenda, NotYet
from tests.chaos.faults import FaultsByName
from tests.chaos.world import World


class ApiFaults:
    """An API that is down, or refuses connections."""

    def __init__(self, world: World, agenda: Agenda) -> None:
        self._world = world
        self._agenda = agenda
        self.by_name: FaultsByName = {
            "api-down": self._api_down,
            "api-refused": self._api_refused,
        }

    def _api_down(self, seconds: float, how: str, after_sends: int = 0) -> None:
        """After so many sends: a machine under load can take longer to start than an outage lasts."""
        if sum(call.method == "POST" for call in self._world.api.calls) < after_sends:
            raise NotYet
        self._world.api.down = how
        self._agenda.within(seconds, self._api_up)

    def _api_up(self) -> None:
        self._world.api.down = None

    def _api_refused(self, seconds: float) -> None:
        self._world.network.run(self._world.api.refuse())
        self._agenda.within(seconds, self._api_listens)

    def _api_listens(self) -> None:
        self._world.network.run(self._world.api.start())
