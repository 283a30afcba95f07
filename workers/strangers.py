"""Records of a newer version: whoever meets one leaves it alone, and each process tells of it once."""

import structlog

from pec.messages import UnknownRecord
from pec.store import unknown
from pec.store.store import Store

_MOST_REMEMBERED = 10_000
_told: set[str] = set()
log = structlog.get_logger()


def left_alone(store: Store, met: UnknownRecord) -> None:
    """Nothing of it changes: what is due of it comes again when its lease ends, and may meet a newer worker."""
    unknown.note(store, met.message_id)
    if met.message_id in _told:
        return
    if len(_told) >= _MOST_REMEMBERED:
        _told.clear()
    _told.add(met.message_id)
    log.warning("left_to_a_newer_version", message=met.message_id, why=str(met))
