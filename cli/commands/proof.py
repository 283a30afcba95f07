"""`pec proof`: the signed originals of messages, judged, for a court, a lawyer or a conservator."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.choice import Choice, choose
from cli import output
from cli.bar import progress_bar
from cli.errors import Exit, Failure
from cli.language import language, translated
from cli.output_file import writing
from cli.proof_wait import wait_for_proof
from config.texts import _, joined, ngettext
from pec.names import Proof
from pec.operations.messages.without_imap import accounts_without_imap
from pec.operations.session import Session, open_session

if TYPE_CHECKING:
    from archive.bundle.bundle import Bundled

_MAX_NAMED = 20
_ZIP = ".zip"


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--batch", help="All messages of a batch, in the order of intake.")
@click.option(
    "--output",
    "place",
    metavar="DIR|FILE.zip",
    required=True,
    type=click.Path(path_type=Path),
    help="The folder, or the ZIP file, that the bundle is written to.",
)
@click.option(
    "--no-wait", is_flag=True, help="Do not wait until the originals are complete (at most 2 minutes)."
)
def proof(ids: tuple[str, ...], batch: str | None, place: Path, no_wait: bool) -> None:
    """Write a bundle of proof: each receipt as its provider signed it, with its verdict.

    \b
    pec proof inv-2026-001 --output proof
    pec proof --batch november --output november.zip
    pec verify proof

    For each message: the signed originals (.eml), their certified facts (daticert.xml), the certificates, what
    was sent, whether the attachments inside the receipts are the ones that were sent (verification.json), and a
    page to print (proof.html). index.csv and index.json list all documents, SHA256SUMS their sums.

    Originals come through IMAP into the archive (PEC_ARCHIVE__URL). The command waits for those that are on their
    way, at most 2 minutes. Messages that lack an original then are named, and the exit code is 6; the rest is
    written. If bytes are missing in the archive, message.json names them, and the exit code is 1.

    The bundle holds personal data: it is made for your user alone. It marks nothing as exported. Hand it to a
    conservator: a file on a disk is no conservazione.
    """
    if bool(ids) == bool(batch):
        raise click.UsageError(_("say what: pec proof ID…, or pec proof --batch B"))
    from archive.bundle.evidence import lacking

    with open_session() as session:
        choice = choose(session.store, ids, batch, ())
        if not no_wait:
            wait_for_proof(session, choice, lacking, short=("", Proof.TEXTS))
        done = _write(session, choice, place)
        unread = accounts_without_imap(session.store, [one for one, _kinds in done.lacking])
    output.note(
        _("{messages}, {files} in {path}").format(
            messages=ngettext("{count} message", "{count} messages", done.messages).format(
                count=done.messages
            ),
            files=ngettext("{count} file", "{count} files", done.files).format(count=done.files),
            path=place,
        )
    )
    _conclude(done, unread)


def _write(session: Session, choice: Choice, place: Path) -> "Bundled":
    from archive.bundle.bundle import Maker

    maker = Maker.of(session.store, session.settings.archive, translated, language())
    with writing(), _folder_of(place) as folder, progress_bar(choice.count, hidden=False) as step:
        return maker.write(folder, choice, step)


@contextmanager
def _folder_of(place: Path) -> Iterator[Path]:
    if place.suffix.lower() != _ZIP:
        yield place
        return
    from archive.bundle.zip_file import packed

    with packed(place) as folder:
        yield folder


def _conclude(done: "Bundled", unread: Sequence[str]) -> None:
    """Name the messages whose proof is not whole. Raise Failure if there are any."""
    if done.lacking:
        said = ngettext(
            "{count} message lacks originals:", "{count} messages lack originals:", len(done.lacking)
        ).format(count=len(done.lacking))
        named = [f"{one}: {', '.join(map(str, kinds))}" for one, kinds in done.lacking[:_MAX_NAMED]]
        left_out = ["…"] if len(done.lacking) > _MAX_NAMED else []
        output.note(joined("\n", (said, *named, *left_out, _remedy(unread))))
    if done.incomplete:
        shown = ", ".join(done.incomplete[:5]) + (", …" if len(done.incomplete) > 5 else "")
        raise Failure(
            ngettext(
                "bytes of {count} message are missing ({ids}): its message.json names them",
                "bytes of {count} messages are missing ({ids}): message.json of each names them",
                len(done.incomplete),
            ).format(count=len(done.incomplete), ids=shown),
            Exit.UNEXPECTED,
        )
    if done.lacking:
        raise Failure("", Exit.UNDELIVERED)


def _remedy(unread: Sequence[str]) -> str:
    """Return what to do for originals. `unread`: the accounts without IMAP."""
    by_hand = _("save their .eml files from the mailbox, and `pec verify` them")
    if not unread:
        return _("make the bundle again once IMAP has read them, or {by_hand}").format(by_hand=by_hand)
    hosts = ", ".join(f"PEC_ACCOUNTS__{name.upper()}__IMAP__HOST" for name in unread)
    return _("set {settings} and restart the workers, because originals come by IMAP, or {by_hand}").format(
        settings=f"{hosts}, PEC_ARCHIVE__URL", by_hand=by_hand
    )
