"""Letters of some rows sent to an address of one's own, as a test that belongs to no batch."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from config.texts import _, ngettext
from pec.job_faults import problems_of
from pec.jobs import MAX_SUBJECT, Address
from pec.problems import Problem
from producers.campaigns.campaign import Campaign
from producers.campaigns.errors import Misused
from producers.campaigns.row_store import Entry, RowStatus
from producers.campaigns.written_address import address_in

MARK = "[PROVA] "  # before the subject
PRIORITY = 9  # the person who waits for a test looks at the screen
_NOT_OF_A_TEST = ("batch", "not_before", "not_after", "metadata")
_ADDRESS: TypeAdapter[str] = TypeAdapter(Address)


@dataclass(frozen=True, slots=True)
class Picked:
    """A row that a person named. `number` counts the rows below the header, `entry.line` the lines of the sheet."""

    number: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Trial:
    """A row's letter as a test, and the job that sends it. `recipient` is the row's own, which gets nothing."""

    picked: Picked
    recipient: str
    job: dict[str, Any]


def own_address(written: str) -> str:
    """Return the address that tests go to. Raise Misused."""
    try:
        return _ADDRESS.validate_python(address_in(written))
    except ValidationError as error:
        reason = problems_of(error, "send", {})[0].reason
        raise Misused(_("--test-to: {address}: {problem}").format(address=written, problem=reason)) from None


def picked(campaign: Campaign, numbers: Sequence[int], option: str) -> list[Picked]:
    """Return these rows, each once. Raise Misused, which names those that the file does not have."""
    row_store, rows = campaign.row_store, campaign.row_store.count_rows()
    if beyond := [str(number) for number in dict.fromkeys(numbers) if number > rows]:
        there = ngettext(
            "the file has {count} row below the header, empty ones not counted",
            "the file has {count} rows below the header, empty ones not counted",
            rows,
        ).format(count=rows)
        raise Misused(
            ngettext(
                "{name}: there is no row {numbers}: {there}",
                "{name}: there are no rows {numbers}: {there}",
                len(beyond),
            ).format(name=option, numbers=", ".join(beyond), there=there)
        )
    return [Picked(number, row_store.row(number)) for number in dict.fromkeys(numbers)]


def first_sendable(campaign: Campaign) -> list[Picked]:
    """Return the first row that can be sent, or none."""
    entry = campaign.first
    return [Picked(campaign.row_store.count_rows(entry.line), entry)] if entry else []


def refused(campaign: Campaign, rows: Sequence[Picked]) -> list[tuple[Picked, Problem]]:
    """Return what is wrong with those of the rows that can't be sent."""
    return [
        (row, problem)
        for row in rows
        if row.entry.status is RowStatus.REFUSED
        for problem in campaign.row_store.problems_of(row.entry.line)
    ]


def trials(campaign: Campaign, rows: Sequence[Picked], to: str) -> list[Trial]:
    """Return the tests of rows that can be sent. Raise OSError or JobRejected if a file is gone by now."""
    return [_trial(campaign, row, to) for row in rows]


def _trial(campaign: Campaign, row: Picked, to: str) -> Trial:
    job = campaign.renderer.job(row.entry.values, f"test-{secrets.token_hex(8)}")
    stated = {name: value for name, value in job.items() if name not in _NOT_OF_A_TEST}
    subject = f"{MARK}{job['subject']}"[:MAX_SUBJECT]
    return Trial(
        row,
        str(job["recipient"]),
        {**stated, "recipient": to, "subject": subject, "priority": PRIORITY},
    )
