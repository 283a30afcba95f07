"""Settings of how long data is kept."""

from pydantic import Field

from config.sections.section import Days, Section


class Retention(Section):
    """How long data is kept, in days."""

    ids_days: Days = Field(
        400, description="days for which ids are remembered, so that a repeated id is not sent twice"
    )
    messages_days: Days = Field(
        90, description="days for which finished messages are kept, with receipts and content"
    )
    delete_unexported: bool = Field(
        False, description="also delete finished messages that `pec export` has not written"
    )
    events_days: Days = Field(90, description="days for which events are kept")
    rejected_days: Days = Field(30, description="days for which rejected jobs are kept")
