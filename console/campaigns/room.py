"""Room on the disk, which Redis may write to as well: a part of it stays free, whatever people upload."""

import shutil
from pathlib import Path

from config.texts import _
from pec.operations.refusals import Refused

KEPT_FREE_BYTES = 2_000_000_000


def require_room(folder: Path, wanted: int) -> None:
    """Raise Refused if the disk of this folder would be nearly full with so many bytes more."""
    free = shutil.disk_usage(folder).free
    if free - wanted < KEPT_FREE_BYTES:
        raise Refused(
            "no_room",
            _("the console's disk is nearly full ({free} MB free): ask an administrator to make room").format(
                free=free // 1_000_000
            ),
        )
