"""Settings of how a message is followed after its send."""

from pydantic import Field

from config.sections.section import DAY, HOUR, Schedule, Seconds, Section


class Receipts(Section):
    """How often and how long workers look for receipts."""

    backoff_seconds: Schedule = Field(
        default=[5, 10, 20, 40, 80, 160, 320, 640, 1280, 1800, 3600],
        description="seconds between two checks of a message; the last value repeats",
    )
    page_interval_seconds: Seconds = Field(
        15, description="seconds between two scans of a mailbox that awaits many receipts"
    )
    deadline_seconds: Seconds = Field(
        30 * HOUR, description="seconds after the send until a message without a final receipt is expired"
    )
    warning_age_seconds: Seconds = Field(
        22 * HOUR, description="seconds after ACCETTAZIONE from which a time-out notice is final"
    )
    late_acceptance_seconds: Seconds = Field(
        1800, description="seconds without ACCETTAZIONE until `acceptance.late` is published"
    )
    late_interval_seconds: Seconds = Field(
        DAY, description="seconds between two checks for a late CONSEGNA, after `undelivered` or `expired`"
    )
    late_period_seconds: Seconds = Field(
        7 * DAY, description="how long workers check for a late CONSEGNA, in seconds after the end"
    )


class Uncertain(Section):
    """Searches of the mailbox for a send whose answer was lost."""

    lookup_seconds: Schedule = Field(
        default=[60, 300, 1800, 7200],
        description="times of the searches of the mailbox, in seconds after the send",
    )
    held_interval_seconds: Seconds = Field(
        HOUR, description="seconds between two searches for a held message"
    )
    held_period_seconds: Seconds = Field(
        30 * HOUR, description="how long workers search for a held message, in seconds"
    )
