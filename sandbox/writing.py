"""How the network writes from now on: lists of recipients, subjects of receipts, digits of codes."""

import re
from collections.abc import Callable, Sequence
from email.header import Header, decode_header, make_header
from typing import Literal

from pydantic import BaseModel, Field

Spelling = Literal["plain", "encoded", "underscored", "straightened", "stripped"]
_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"})


class Writing(BaseModel):
    """Styles that providers were seen to use. `code_digits` follow the time; None: one or two, at random."""

    recipients: Literal["line", "list"] = "line"
    subject: Spelling = "plain"
    code_digits: int | None = Field(None, ge=1, le=9)

    def listed(self, recipients: Sequence[str]) -> str:
        """Return the recipients as an ACCETTAZIONE names them."""
        if self.recipients == "line":
            return " " + ", ".join(recipients) + " "
        return "\n" + "".join(f"- {recipient}\n" for recipient in recipients)

    def spelled(self, subject: str) -> str:
        """Return a receipt's subject, heading and code included, as it arrives."""
        return _SPELLED[self.subject](subject)


_SPELLED: dict[Spelling, Callable[[str], str]] = {
    "plain": str,
    "encoded": lambda subject: " ".join(Header(subject, "utf-8").encode().split()),
    "underscored": lambda subject: subject.replace(" ", "_"),
    "straightened": lambda subject: subject.translate(_STRAIGHT),
    "stripped": lambda subject: re.sub(r"<[^>]*>", "", subject),
}


def readable(subject: str) -> str:
    """Return the subject with its encoded words decoded, and spaces for the underscores that were left of one."""
    decoded = str(make_header(decode_header(subject))) if "=?utf-8?" in subject else subject
    return decoded if " " in decoded else decoded.replace("_", " ")
