"""The loss of a failover: writes that counted, of a history that the next primary has only in part."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

_MAX_BEATS = 240  # 20 minutes of heartbeats


@dataclass(frozen=True, slots=True)
class History:
    """The history of writes that a primary has, as INFO says. `offset`: how far it goes, in bytes.

    It began as another primary's: up to before `own_from` the two are the same.
    """

    id: str
    offset: int
    former: str
    own_from: int

    @classmethod
    def of(cls, info: Mapping[str, str]) -> Self:
        """Return it from the section `replication` of INFO."""
        return cls(
            info.get("master_replid", ""),
            int(info.get("master_repl_offset") or 0),
            info.get("master_replid2", ""),
            int(info.get("second_repl_offset") or -1),
        )


@dataclass(slots=True)
class Memory:
    """The histories that one process met at its heartbeats, as far as those counted: replicas had them."""

    _met: deque[tuple[datetime, History]] = field(default_factory=lambda: deque(maxlen=_MAX_BEATS))

    def add(self, at: datetime, history: History) -> None:
        self._met.append((at, history))

    def lost_since(self, now: History) -> datetime | None:
        """Return since when writes are missing, at the earliest, or None if none is known to be."""
        met = [(at, one.offset) for at, one in self._met if one.id == now.former]
        if now.own_from < 0 or not any(offset >= now.own_from for _, offset in met):
            return None
        kept = [at for at, offset in met if offset < now.own_from]
        return kept[-1] if kept else met[0][0]
