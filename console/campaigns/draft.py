"""A campaign as a person has prepared it so far, and as a file keeps it. Pure."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from pec.names import State

MAX_SHEET_BYTES = 50_000_000
MAX_ROWS = 100_000
MAX_SUBJECT = 400  # characters, before placeholders are filled
MAX_LETTER_BYTES = 500_000
MAX_FILES_BYTES = 2_000_000_000  # of one campaign
MAX_FILES = 100_000
MAX_EVERYONE = 20  # files that everyone gets
LETTER = "letter.txt"  # text with tags in it is HTML all the same


class Phase(StrEnum):
    """How far a campaign is."""

    DRAFT = "draft"
    STARTED = "started"  # its jobs are being enqueued, also after a crash
    SENT = "sent"  # all are enqueued


class Draft(BaseModel):
    """A campaign. `list_revision` counts what changes the reading of the list, `revision` every change."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    owner: str
    created_at: datetime
    batch: str
    sheet: str  # the name of its file
    parent: str = ""  # the campaign whose missed recipients it reaches
    list_revision: int = 1
    revision: int = 1

    to_column: str = ""  # empty: the usual one
    id_column: str | None = None  # None: the usual one; empty: none
    encoding: str = ""  # empty: the detected one

    account: str = ""
    subject: str = ""
    has_letter: bool = False
    file_columns: tuple[str, ...] = ()
    allow_empty: bool = False
    skip_invalid: bool = False
    again: tuple[State, ...] = ()

    phase: Phase = Phase.DRAFT
    not_before: datetime | None = None
    started_at: datetime | None = None
    started_by: str = ""
    warned_of: int = 0  # recipients of the same subject lately, as the person saw before the start
    enqueued: int | None = None  # None: nothing was, not even by a start that was broken off
    stopped_at: int = 0  # the revision that a start which enqueued nothing has left

    @property
    def ready(self) -> bool:
        """Return whether a person has said all that a check needs."""
        return bool(self.account and self.subject and self.has_letter)

    def given_back(self) -> "Draft":
        """Return a campaign whose start failed before anything was enqueued: a draft again, as a new revision."""
        if self.phase is not Phase.STARTED or self.enqueued is not None:
            return self
        return self.changed(
            phase=Phase.DRAFT,
            not_before=None,
            started_at=None,
            started_by="",
            stopped_at=self.revision + 1,
        )

    def changed(self, *, reads_anew: bool = False, **fields: object) -> "Draft":
        """Return the draft with other values, as a new revision."""
        return self.model_copy(
            update={
                **fields,
                "revision": self.revision + 1,
                "list_revision": self.list_revision + reads_anew,
            }
        )
