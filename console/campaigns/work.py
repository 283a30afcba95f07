"""The tasks of campaigns: each does what `pec import`, `pec proof` and `pec report` do, with the same functions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.texts import _, ngettext
from console.campaigns import requests
from console.campaigns.draft import Draft, Phase
from console.campaigns.proof import Bundle, make_bundle, make_report
from console.campaigns.shelf import Desk
from console.campaigns.tasks import Failed, Report, Task, Work
from console.campaigns.understood import Understood, understood
from pec.jobs import JobRejected
from pec.operations.refusals import Refused
from pec.operations.served_names import check_served
from pec.operations.session import Session
from producers.campaigns.campaign import Campaign, ImportRequest, validate_file
from producers.campaigns.cancelled_batch import refuse_cancelled
from producers.campaigns.columns import Columns
from producers.campaigns.earlier.already_enqueued import Earlier
from producers.campaigns.earlier.same_subject import SameSubject
from producers.campaigns.enqueuing import enqueue
from producers.campaigns.errors import Misused, Unusable
from producers.campaigns.estimate import Estimate
from producers.campaigns.preview import Preview, load_preview
from producers.campaigns.row_store import Issue, RowStatus
from producers.producer import Producer

SHOWN = 50  # remarks of a kind


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check: `pec import --dry-run`, as pages show it."""

    places: Columns
    ready: int
    refused: int
    duplicates: int
    already: int
    empty_lines: int
    estimate: Estimate
    earlier: Earlier | None
    repeated: SameSubject | None
    notes: tuple[str, ...]
    problems: tuple[Issue, ...]
    warnings: tuple[Issue, ...]
    warning_count: int
    first_row: int  # that can be sent, below the header; 0 if there is none
    rows: int

    @property
    def sendable(self) -> int:
        """Return how many rows are sent, or were."""
        return self.ready + self.already


@dataclass(frozen=True, slots=True)
class Works:
    """The tasks, with what they need."""

    session: Session

    def by_name(self) -> dict[Task, Work]:
        """Return each task's function."""
        return {
            Task.LIST: self.read_list,
            Task.CHECK: self.check,
            Task.SEND: self.send,
            Task.PROOF: self.proof,
            Task.REPORT: self.report,
        }

    def read_list(self, desk: Desk, draft: Draft, report: Report) -> Understood:
        """Read the list, and judge its recipients before there is a letter."""
        with self._validated(requests.of_list(desk, draft), report, desk.rows(Task.LIST)) as campaign:
            return understood(campaign)

    def check(self, desk: Desk, draft: Draft, report: Report) -> Checked:
        """Validate every row with the letter, and compare the campaign with what Redis holds."""
        _require_letter(draft)
        with self._validated(requests.of_draft(desk, draft), report, desk.rows(Task.CHECK)) as campaign:
            preview = self._preview(campaign, draft)
            return _checked(preview)

    def send(self, desk: Desk, draft: Draft, report: Report) -> int:
        """Enqueue what can be sent. Repeated after a crash, it enqueues the rest. If none can, it is a draft again."""
        try:
            done = self._send(desk, draft, report)
        except Failed:
            desk.change(lambda one: one.given_back())
            raise
        desk.change(lambda one: one.model_copy(update={"phase": Phase.SENT, "enqueued": done}))
        return done

    def _send(self, desk: Desk, draft: Draft, report: Report) -> int:
        with self._validated(requests.of_draft(desk, draft), lambda share: report(share / 2)) as campaign:
            preview = self._preview(campaign, draft)
            _refuse_repeated(preview, draft)
            if (refused := preview.count(RowStatus.REFUSED)) and not (
                draft.skip_invalid and preview.sendable
            ):
                raise Failed(
                    ngettext(
                        "nothing was sent, because {count} row is refused: check the campaign again",
                        "nothing was sent, because {count} rows are refused: check the campaign again",
                        refused,
                    ).format(count=refused)
                )
            desk.change(lambda one: one.model_copy(update={"enqueued": one.enqueued or 0}))
            return self._enqueue(preview, draft, report)

    def proof(self, desk: Desk, draft: Draft, report: Report) -> Bundle:
        """Write the bundle of proof as one ZIP file."""
        return make_bundle(self.session, draft, desk.proof(draft), report)

    def report(self, desk: Desk, draft: Draft, report: Report) -> int:
        """Write the report on paper. Return how many messages have not ended."""
        return make_report(self.session, draft, desk.report(draft), report)

    def _preview(self, campaign: Campaign, draft: Draft) -> Preview:
        store, settings = self.session.store, self.session.settings
        try:
            preview = load_preview(campaign, settings, store, (), draft.again, before=draft.started_at)
            refuse_cancelled(store, preview, draft.again)
            list(check_served(store, settings, draft.account, None))
        except Refused as refused:
            raise Failed(str(refused)) from None
        return preview

    def _enqueue(self, preview: Preview, draft: Draft, report: Report) -> int:
        done, already = 0, preview.count(RowStatus.ALREADY_ENQUEUED)
        try:
            for done in enqueue(  # noqa: B007 - returned
                Producer.on(self.session.store),
                preview.campaign,
                draft.again,
                lambda share: report(0.5 + share / 2),
            ):
                pass
        except JobRejected as error:
            raise Failed(
                _("a file was changed meanwhile ({error}): nothing is sent twice, so try again").format(
                    error=error
                )
            ) from None
        return done if draft.parent else done + already

    @contextmanager
    def _validated(
        self, request: ImportRequest, report: Report, database: Path | None = None
    ) -> Iterator[Campaign]:
        """Return the validated campaign. Raise Failed. Its database takes the old one's place at the end."""
        part = database and database.with_suffix(".part")
        if part:
            part.unlink(missing_ok=True)
        try:
            with validate_file(request, self.session.settings.api.max_bytes, report, part) as campaign:
                yield campaign
        except (Unusable, Misused, JobRejected) as error:
            raise Failed(str(error)) from None
        if part and database:
            part.replace(database)


def _require_letter(draft: Draft) -> None:
    if not draft.ready:
        raise Failed(_("sender, subject or text is missing: fill in the step before"))


def _refuse_repeated(preview: Preview, draft: Draft) -> None:
    """Raise Failed if the campaign may be sent a second time and the person who started it could not know."""
    found = preview.repeated
    if found and found.recipients > draft.warned_of and draft.enqueued is None:
        raise Failed(
            ngettext(
                "nothing was sent, because {count} recipient got the same subject by now: "
                "check that it is to get this too, then start again",
                "nothing was sent, because {count} recipients got the same subject by now: "
                "check that they are to get this too, then start again",
                found.recipients,
            ).format(count=found.recipients)
        )


def _checked(preview: Preview) -> Checked:
    campaign, rows = preview.campaign, preview.campaign.row_store
    first = campaign.first
    return Checked(
        places=campaign.renderer.columns,
        ready=preview.count(RowStatus.READY),
        refused=preview.count(RowStatus.REFUSED),
        duplicates=preview.count(RowStatus.DUPLICATE),
        already=preview.count(RowStatus.ALREADY_ENQUEUED),
        empty_lines=campaign.empty_lines,
        estimate=preview.estimate,
        earlier=preview.earlier,
        repeated=preview.repeated,
        notes=tuple(campaign.notes),
        problems=tuple(rows.problems(SHOWN)),
        warnings=tuple(rows.warnings(SHOWN)),
        warning_count=rows.count_warnings(),
        first_row=rows.count_rows(first.line) if first else 0,
        rows=rows.count_rows(),
    )
