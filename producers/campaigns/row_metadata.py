"""The part of its line that a message keeps, so that an export can show the columns of the sheet. Pure."""

import json
from collections.abc import Sequence
from typing import Any

from pec.content import MAX_METADATA_BYTES
from pec.job_messages import SHEET_ROW
from producers.campaigns.columns import BATCH, ERRORS, MADE_ID, fold


def row_metadata(header: Sequence[str], values: Sequence[str]) -> dict[str, Any]:
    """Return metadata with each named cell that is not empty, as long as they fit. Of equal names the first counts."""
    of_refused = any(fold(name) == BATCH for name in header)
    ours = (BATCH, *ERRORS, MADE_ID) if of_refused else ()
    kept: dict[str, str] = {}
    left = MAX_METADATA_BYTES - len(json.dumps({SHEET_ROW: {}}))
    for name, value in zip(map(_whole, header), map(_whole, values), strict=False):
        size = len(json.dumps({name: value}))
        if name and value and name not in kept and fold(name) not in ours and size <= left:
            kept[name] = value
            left -= size
    return {SHEET_ROW: kept}


def _whole(text: str) -> str:
    """Return a text without half characters, for which no JSON is readable everywhere."""
    return text.encode("utf-8", "replace").decode("utf-8")
