"""The codes under which the API files a PEC: one rule for its answer, the mailbox, pages and `poll`."""

import re

# YYYYMMDDHHMMSS in local time, and 1 to 6 more digits: one code can be the prefix of another.
_CODE = re.compile(r"20\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])([0-5]\d){2}\d{1,6}", re.ASCII)


def is_code(text: str) -> bool:
    """Return whether it can be a code of the API: 14 digits of time and 1 to 6 more."""
    return _CODE.fullmatch(text) is not None
