"""The demo's last output: a row for each message, and every way in which it differs from the plan."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich.table import Table

from cli.demo.plan import Planned
from config.texts import _, ngettext
from pec.messages import Message
from pec.names import Proof, State
from sandbox.webhook_receiver import Received

CLOSEST_SECONDS = 0.98  # between two sends, as the sandbox saw their first bytes: an interval less 20 ms
_WITHOUT_PROOF = (State.HELD, State.FAILED, State.CANCELLED)
_PROOFS: dict[str, str] = {Proof.ORIGINALS: _("signed originals"), Proof.TEXTS: _("texts only")}


@dataclass(frozen=True, slots=True)
class Row:
    """One message, as its record has it."""

    id: str
    recipient: str
    state: str
    expected: str
    code: str
    receipts: list[str]
    proof: str  # empty if nothing is to be proved
    webhooks: list[str]


def rows(
    plan: Iterable[Planned],
    messages: Mapping[str, Message],
    receipts: Mapping[str, Sequence[str]],
    received: Received,
) -> list[Row]:
    """Return the rows in the order of the plan."""
    return [
        Row(
            id=one.id,
            recipient=", ".join(messages[one.id].recipients),
            state=str(messages[one.id].state),
            expected=str(one.ends),
            code=messages[one.id].code or "",
            receipts=list(receipts[one.id]),
            proof=messages[one.id].proof or "",
            webhooks=[data["state"] for data in received.of(one.id)],
        )
        for one in plan
        if one.id in messages
    ]


def problems(
    plan: Sequence[Planned],
    found: Sequence[Row],
    sent: Sequence[Mapping[str, Any]],
    published: set[str],
    received: Received,
) -> list[str]:
    """Return a sentence for each problem; none if everything went as planned."""
    return [
        *_wrong_ends(plan, found),
        *_wrong_proof(found),
        *_wrong_sends(plan, found, sent),
        *_wrong_webhooks(found, published, received),
        *_too_close(sorted(float(one["received_at"]) for one in sent)),
    ]


def _wrong_ends(plan: Sequence[Planned], found: Sequence[Row]) -> list[str]:
    lost = {one.id for one in plan} - {row.id for row in found}
    wrong = [row for row in found if row.state != row.expected]
    return [
        *(_("{id} was lost").format(id=message_id) for message_id in sorted(lost)),
        *(
            _("{id} is {state}, not {state2}").format(id=row.id, state=row.state, state2=row.expected)
            for row in wrong
        ),
    ]


def is_proved(state: str, proof: str | None) -> bool:
    """Return whether a message that ended as planned has all its originals, or needs none."""
    return proof == Proof.ORIGINALS or state in _WITHOUT_PROOF


def _wrong_proof(found: Sequence[Row]) -> list[str]:
    return [
        _("the proof of {id} lacks signed originals").format(id=row.id)
        for row in found
        if not is_proved(row.state, row.proof)
    ]


def _wrong_sends(
    plan: Sequence[Planned], found: Sequence[Row], sent: Sequence[Mapping[str, Any]]
) -> list[str]:
    times = Counter(", ".join(one["recipients"]) for one in sent)
    expected = Counter[str]()
    recipients = {row.id: row.recipient for row in found}
    for one in plan:
        expected[recipients.get(one.id, "")] += one.times_sent
    return [
        ngettext(
            "a PEC to {recipient} was sent {count} time, not {expected}",
            "a PEC to {recipient} was sent {count} times, not {expected}",
            times[recipient],
        ).format(recipient=recipient, count=times[recipient], expected=expected[recipient])
        for recipient in sorted(times | expected)
        if times[recipient] != expected[recipient]
    ]


def _wrong_webhooks(found: Sequence[Row], published: set[str], received: Received) -> list[str]:
    missing = published - set(received.events)
    stale = [row.id for row in found if not row.webhooks or row.webhooks[-1] != row.state]
    return [
        *(
            [
                ngettext(
                    "{count} webhook did not come", "{count} webhooks did not come", len(missing)
                ).format(count=len(missing))
            ]
            if missing
            else []
        ),
        *(
            [
                ngettext(
                    "{count} webhook had a wrong signature",
                    "{count} webhooks had a wrong signature",
                    received.forged,
                ).format(count=received.forged)
            ]
            if received.forged
            else []
        ),
        *(_("the last webhook of {id} has another state").format(id=message_id) for message_id in stale),
    ]


def _too_close(times: Sequence[float]) -> list[str]:
    gaps = [later - earlier for earlier, later in pairwise(times)]
    close = [gap for gap in gaps if gap < CLOSEST_SECONDS]
    return (
        [
            ngettext(
                "{count} send came too close: {seconds} s",
                "{count} sends came too close: {seconds} s",
                len(close),
            ).format(count=len(close), seconds=format(min(close), ".3f"))
        ]
        if close
        else []
    )


def as_data(found: Sequence[Row], wrong: Sequence[str], seconds: float, proof: Path) -> dict[str, Any]:
    """Return the result for `--json`."""
    return {
        "ok": not wrong,
        "seconds": round(seconds, 1),
        "problems": list(wrong),
        "messages": [asdict(row) for row in found],
        "bundle": str(proof),
    }


def as_table(found: Sequence[Row], shown: Callable[[str], str] = str) -> Table:
    """Return the table for people. `shown` translates our words into their language."""
    title = shown(_("PEC Massiva: every message and how it ended"))
    table = Table(title=title, title_justify="left")
    headings = (
        *(_("message"), _("recipient"), _("state"), _("code"), _("receipts"), _("proof")),
        _("webhooks"),
    )
    for heading in headings:
        table.add_column(shown(heading), overflow="fold")
    for row in found:
        colour = _COLOURS.get(row.state, "yellow") if row.state == row.expected else "bold red"
        state = f"[{colour}]{shown(row.state)}[/]"
        receipts, proof = "\n".join(row.receipts), shown(_PROOFS.get(row.proof, row.proof))
        table.add_row(row.id, row.recipient, state, row.code, receipts, proof, str(len(row.webhooks)))
    return table


_COLOURS = {"delivered": "green", "undelivered": "red", "refused": "red", "held": "magenta"}
