"""Records of a newer version: a worker skips them, and each process logs each of them once."""

import structlog

from pec.messages import UnsupportedRecord
from pec.store import unsupported
from pec.store.store import Store

_MAX_REMEMBERED = 10_000
_logged: set[str] = set()
log = structlog.get_logger()


def skip(store: Store, met: UnsupportedRecord) -> None:
    """Note the record and leave it unchanged: its task comes again when the lease ends, maybe to a newer worker."""
    unsupported.note(store, met.message_id)
    if met.message_id in _logged:
        return
    if len(_logged) >= _MAX_REMEMBERED:
        _logged.clear()
    _logged.add(met.message_id)
    log.warning("record_skipped", message=met.message_id, why=str(met))
