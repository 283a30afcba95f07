"""The words of a report: headings, facts and cells, the same for HTML and PDF. Dates and numbers are Italian."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from archive.report.lines import Earlier, Line
from archive.report.printable import printable
from archive.report.summary import Period, Summary
from config.texts import Text, _, ngettext
from pec.domains import for_people
from pec.instants import ROME
from pec.names import State

Translate = Callable[[str], str]
_HEADINGS = (
    _("N."),
    _("Recipient"),
    _("State"),
    _("Sent on"),
    _("ACCETTAZIONE"),
    _("CONSEGNA"),
    _("Code"),
    _("Reason, or what is missing"),
)
_TOTALS = (_("State"), _("Recipients"), _("Share"))


def not_final(count: int) -> Text:
    """Return the sentence about messages of a report that have not ended."""
    return ngettext(
        "{count} message has not ended: this report is not final",
        "{count} messages have not ended: this report is not final",
        count,
    ).format(count=count)


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of a report. `say` puts the program's own sentences into Italian."""

    say: Translate

    def title(self, summary: Summary) -> str:
        return printable(self.say(_("Report on the PEC of batch {batch}").format(batch=summary.batch)))

    def headings(self, summary: Summary) -> list[str]:
        number, recipient, *rest = map(self.say, _HEADINGS)
        return [
            number,
            recipient if summary.subject is not None else self.say(_("Recipient and subject")),
            *rest,
        ]

    def facts(self, summary: Summary) -> Iterator[tuple[str, str]]:
        """Return the names and values that concern the whole batch."""
        for account, sender in summary.senders.items():
            yield self.say(_("Sender")), printable(f"{for_people(sender)} ({account})" if sender else account)
        if summary.subject:
            yield self.say(_("Subject")), printable(summary.subject)
        yield self.say(_("Messages")), str(summary.messages)
        if summary.replaced:
            yield self.say(_("Earlier attempts, not counted")), str(summary.replaced)
        yield self.say(_("Queued")), self.period(summary.queued)
        yield self.say(_("Sent")), self.period(summary.sent)
        yield self.say(_("Report made")), self.instant(summary.made_at)

    def totals(self, summary: Summary) -> Iterator[tuple[str, str, str]]:
        """Return a row under _TOTALS for each state that occurs, and one for all."""
        for state in State:
            if count := summary.states[state]:
                yield self.say(state), str(count), self._share(count, summary.lines)
        yield self.say(_("Total")), str(summary.lines), self._share(summary.lines, summary.lines)

    def totals_title(self) -> str:
        return self.say(_("Totals by state"))

    def totals_headings(self) -> list[str]:
        return [self.say(one) for one in _TOTALS]

    def missing_title(self) -> str:
        return self.say(_("What is missing"))

    def missing(self, summary: Summary) -> list[str]:
        """Return one sentence for each kind of missing receipt, or a single one if none is missing."""
        found = [f"{self.say(what)}: {count}" for what, count in sorted(summary.missing.items()) if count]
        if summary.rejected:
            found.append(
                self.say(
                    ngettext(
                        "{count} job of the batch was rejected and is no message",
                        "{count} jobs of the batch were rejected and are no messages",
                        summary.rejected,
                    ).format(count=summary.rejected)
                )
            )
        if summary.never_arrived:
            found.append(
                self.say(
                    ngettext(
                        "{count} message was announced and did not arrive",
                        "{count} messages were announced and did not arrive",
                        summary.never_arrived,
                    ).format(count=summary.never_arrived)
                )
            )
        if summary.open:
            found.append(self.say(not_final(summary.open)))
        return found or [self.say(_("Nothing: every message has ended and has the receipts of its state."))]

    def notes(self) -> list[str]:
        return [
            self.say(_("Times are those of Rome. ACCETTAZIONE and CONSEGNA have the dates of the receipts.")),
            self.say(
                _(
                    "This report helps to read. The proof is the receipts themselves, as the providers signed them."
                )
            ),
        ]

    def cells(self, number: int, line: Line, *, with_subject: bool) -> tuple[str, ...]:
        """Return the texts under _HEADINGS."""
        recipient = for_people(line.recipient) or line.id
        return (
            str(number),
            "\n".join(map(printable, filter(None, [recipient, line.subject if with_subject else ""]))),
            self.say(line.state),
            self.instant(line.sent_at),
            self.instant(line.accepted_at),
            self.instant(line.delivered_at),
            printable(line.code),
            printable(self._why(line)),
        )

    def closing(self, summary: Summary) -> str:
        """Return the sentence that the signature stands for: time, batch and number of recipients."""
        made_at = self.instant(summary.made_at)
        return printable(
            self.say(
                ngettext(
                    "Report of {instant} on batch {batch}: {count} recipient.",
                    "Report of {instant} on batch {batch}: {count} recipients.",
                    summary.lines,
                ).format(instant=made_at, batch=summary.batch, count=summary.lines)
            )
        )

    def signature(self) -> tuple[str, str, str]:
        """Return the labels of the lines for place, date and signature."""
        return self.say(_("Place")), self.say(_("Date")), self.say(_("Signature"))

    def page(self) -> tuple[str, str]:
        """Return the words before the number of a page, and before the number of all pages."""
        page, of = self.say(_("Page")), self.say(_("of"))
        return f"{page} ", f" {of} "

    def period(self, period: Period) -> str:
        if period.first is None or period.last is None:
            return "–"
        both = map(self.instant, (period.first, period.last))
        return " – ".join(dict.fromkeys(both))

    def instant(self, at: datetime | None) -> str:
        if at is None:
            return ""
        return f"{at.astimezone(ROME):%d/%m/%Y %H:%M:%S}"

    def _why(self, line: Line) -> str:
        why = self.say(line.reason) if line.reason else ""
        if line.error and line.error not in why:
            why = f"{why} ({line.error})".lstrip()
        if line.failed_at:
            why = f"{self.instant(line.failed_at)}: {why}"
        missing = self.say(line.missing) if line.missing else ""
        return "; ".join(filter(None, [why, missing, *(self._earlier(one, line) for one in line.earlier)]))

    def _earlier(self, one: Earlier, line: Line) -> str:
        if one.recipient == line.recipient:
            said = _("earlier PEC {state} on {instant}")
        else:
            said = _("earlier PEC to {address} {state} on {instant}")
        said = said.format(state=one.state, instant=self.instant(one.at), address=for_people(one.recipient))
        return " ".join(filter(None, [self.say(said), f"({one.code})" if one.code else ""]))

    def _share(self, count: int, total: int) -> str:
        share = f"{100 * count / total if total else 0:.1f}"
        return f"{share.replace('.', ',')} %"
