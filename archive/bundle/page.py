"""The page of a message in a bundle, to read and to print. It says that the originals are the proof, not it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, Template

from archive.bundle.evidence import Evidence
from archive.judged import Judged
from archive.report.printable import printable
from archive.sent import Match
from config.texts import _
from pec.instants import ROME

Say = Callable[[str], str]
_VERDICTS = {
    "verified": _("verified: a PEC provider signed it, and nothing was changed since"),
    "intact": _("intact: nothing was changed since it was signed, and the signer's authority is not known"),
    "altered": _("altered: it was changed, or its signature is damaged"),
    "unsigned": _("unsigned: it bears no signature"),
}
_MATCHES = {
    Match.EQUAL: _("inside, byte for byte"),
    Match.EQUAL_DIGEST: _("its digest is inside"),
    Match.DIFFERENT: _("not what is inside"),
    Match.NO_CONTENT: _("the receipt holds no content"),
}


class Row(NamedTuple):
    """A name and a value."""

    name: str
    value: str


def page(evidence: Evidence, made_at: datetime, say: Say, language: str) -> bytes:
    """Return the page in one language. Every value is escaped."""
    message = evidence.case.message
    title = say(_("Proof of the PEC {id}").format(id=message.id))
    made = say(
        _(
            "Reading aid of {instant} (Rome). The proof is the files in the folder receipts, as the providers "
            "signed them: keep them unchanged."
        ).format(instant=_instant(made_at))
    )
    return (
        _template()
        .render(
            language=language,
            title=printable(title),
            made=made,
            facts=list(_facts(evidence, say)),
            receipts=[(say(_kind(one)), list(_receipt(one, say))) for one in evidence.receipts],
            receipts_title=say(_("Receipts")),
            no_original=say(_("There is no original of a receipt.")),
            missing=_missing(evidence, say),
            revocation=say(_("Whether a certificate was revoked was not checked.")),
        )
        .encode("utf-8", "replace")
    )


def _facts(evidence: Evidence, say: Say) -> Iterator[Row]:
    message = evidence.case.message
    for name, value in (
        (_("State"), say(message.state)),
        (_("Subject"), message.sent_subject),
        (_("Recipients"), ", ".join(message.recipients)),
        (_("Sent on"), _instant(message.sent_at)),
        (_("Batch"), message.batch or ""),
        (_("Files"), ", ".join(file.removeprefix("attachments/") for file in evidence.sent)),
    ):
        if value:
            yield Row(say(name), printable(value))


def _receipt(judged: Judged, say: Say) -> Iterator[Row]:
    found, facts = judged.found, judged.found.daticert
    yield Row(say(_("File")), judged.file.as_posix())
    yield Row("SHA-256", found.sha256)
    yield Row(say(_("Verdict")), say(_VERDICTS[found.verdict.value]))
    if facts:
        about = facts.delivered_to or ", ".join(one.address for one in facts.recipients)
        for name, value in (
            (_("Certified at"), _instant(facts.dated_at)),
            (_("Sender"), facts.sender),
            (_("Recipient"), about),
            (_("Subject"), facts.subject),
            (_("Identifier of the PEC"), facts.identificativo),
            ("Message-ID", facts.message_id),
            (_("Provider"), facts.provider),
            (_("Error"), facts.error_text),
        ):
            if value:
                yield Row(say(name), printable(value))
    if found.signed_at:
        yield Row(say(_("Signed at")), _instant(found.signed_at))
    for file, comparison in judged.sent.items():
        yield Row(printable(file.name), say(_MATCHES[comparison.match]))


def _missing(evidence: Evidence, say: Say) -> str:
    if not evidence.lacking:
        return ""
    kinds = ", ".join(map(str, evidence.lacking))
    return say(_("Missing, or without an original that proves anything: {kinds}").format(kinds=kinds))


def _kind(judged: Judged) -> str:
    return judged.found.daticert.kind if judged.found.daticert else _("Receipt")


def _instant(at: datetime | None) -> str:
    return f"{at.astimezone(ROME):%d/%m/%Y %H:%M:%S}" if at else ""


@cache
def _template() -> Template:
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    return environment.get_template("page.html")
