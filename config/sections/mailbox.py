"""Settings of the mail in mailboxes: how much there may be, and what is deleted."""

from typing import Literal

from pydantic import Field

from config.sections.section import DAY, Seconds, Section


class Quota(Section):
    """Limits of the space used in a mailbox. A full mailbox gets no receipts."""

    interval_seconds: Seconds = Field(
        600,
        description="most seconds between two readings of the quota of a mailbox; it is read sooner when receipts have "
        "taken 5 % of the mailbox since",
    )
    warn_ratio: float = Field(
        0.80,
        gt=0,
        le=1,
        description="used share of a mailbox from which `mailbox.filling` is published; a mailbox that was full "
        "resumes below it",
    )
    pause_ratio: float = Field(
        0.95,
        gt=0,
        le=1,
        description="share of a mailbox that may be in use and to come; a message whose receipts need more waits",
    )


class Mailbox(Section):
    """Mail in mailboxes: which receipts workers delete, and how mail that is no receipt is found."""

    purge: Literal["off", "archived", "texts"] = Field(
        "off",
        description="receipts that workers delete from mailboxes. `off`: none; `archived`: those of ended messages, by "
        "IMAP, if all originals are in the archive; `texts`: also those of mailboxes without IMAP, of which only the "
        "texts are kept",
    )
    purge_grace_seconds: float = Field(
        DAY,
        ge=0,
        allow_inf_nan=False,
        description="how long the receipts of an ended message stay in its mailbox, in seconds after its end",
    )

    incoming_interval_seconds: Seconds | None = Field(
        None,
        description="seconds between two scans of each mailbox for incoming mail; empty: it is only found on pages "
        "that are read for receipts, and by IMAP",
    )
