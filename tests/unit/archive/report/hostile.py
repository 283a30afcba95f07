"""Values that try to break out of a report, and a report that has one at every place of a foreign value."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import IO

from archive.case_files import CaseFile
from archive.report.summary import Report, Summary, gathered
from archive.report.words import Words
from pec.messages import Reason
from pec.names import State
from tests.unit.cli.builders import NOW, message

HOSTILE = (
    "<script>alert(1)</script>",
    "</td></tr></table><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    '"; } body { display: none } </style><svg onload=alert(1)>',
    "{{ 7 * 7 }}{% include 'x' %}",
    "\u202egnp.exe\udc80\x00",
)


def written(hostile: str, write: Callable[[Report, Words, IO[bytes]], None]) -> bytes:
    """Return a report with this value at every place of a foreign value."""
    one = message(
        State.FAILED,
        id=hostile,
        account=hostile,
        recipients=(hostile,),
        subject=hostile,
        code=hostile,
        reason=Reason("invalid", hostile),
    )
    summary = Summary(batch=hostile, made_at=NOW)
    with gathered([CaseFile(one, ()), CaseFile(replace(one, subject="another"), ())], summary) as report:
        summary.senders[hostile] = hostile
        file = BytesIO()
        write(report, Words(str), file)
    return file.getvalue()
