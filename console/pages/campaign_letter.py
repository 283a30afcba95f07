"""Step 3 of a campaign: who sends, subject and text with placeholders, and attachments."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, File, Form, Response, UploadFile

from archive.atomic_files import atomic_write
from config.texts import Text, _, ngettext
from console.campaigns import uploads
from console.campaigns.draft import (
    LETTER,
    MAX_EVERYONE,
    MAX_FILES_BYTES,
    MAX_LETTER_BYTES,
    MAX_SUBJECT,
    Draft,
)
from console.campaigns.naming import check_name
from console.campaigns.shelf import Desk
from console.campaigns.tasks import Task
from console.campaigns.understood import Understood
from console.pages.campaign_access import Campaign, Opened
from pec.operations.refusals import Refused
from producers.campaigns.body import body_of
from producers.campaigns.errors import Misused
from producers.campaigns.template import compile_template

router = APIRouter()
Field = Annotated[str, Form()]
Fields = Annotated[list[str], Form()]
Uploads = Annotated[list[UploadFile], File()]
MAX_LISTED = 100  # names of files on the page


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault in a field of the form, with the remedy."""

    field: str
    said: str


@router.get("/campaigns/{campaign}/letter")
def show(case: Campaign) -> Response:
    """Show the form, and what is wrong with what was given so far."""
    status = case.status(Task.LIST)
    found: Understood | None = status.outcome if status.done else None
    if status.done and found is None:
        return case.visit.go(f"{case.path}/list")
    used, count = uploads.used_by(case.desk.files)
    draft = case.draft
    senders = [draft.account] if draft.parent else case.senders
    begun = draft.ready or draft.account or draft.subject or draft.has_letter
    return case.page(
        "campaign_letter.html",
        "letter",
        found=found,
        status=status,
        senders=senders,
        addresses={name: _address(case, name) for name in senders},
        text=_text(case.desk),
        problems=list(_problems(case, found)) if found and begun else [],
        everyone=sorted(case.desk.everyone.iterdir()),
        files=sorted(one.name for one in case.desk.files.iterdir())[:MAX_LISTED] if count else [],
        file_count=count,
        files_size=used,
        max_subject=MAX_SUBJECT,
        max_letter=MAX_LETTER_BYTES,
        max_files=MAX_FILES_BYTES,
    )


@router.post("/campaigns/{campaign}/letter")
def save(
    case: Campaign,
    name: Field = "",
    account: Field = "",
    subject: Field = "",
    text: Field = "",
    file_columns: Fields = [],  # noqa: B006
    letter: Annotated[UploadFile | None, File()] = None,
    everyone: Uploads = [],  # noqa: B006
    step: Field = "",
) -> Response:
    """Keep what was given, also if something is wrong with it, so that nothing typed is lost."""
    going = [False]

    def act() -> str:
        batch = case.draft.batch if case.draft.parent else name
        with case.editing() as fields:
            _keep_text(case.desk, text, letter)
            fields["has_letter"] = case.desk.letter.exists()
            _keep_everyone(case.desk, everyone)
            if batch != case.draft.batch:
                check_name(case.visit.session, case.runner.shelf, batch, case.draft.id)
            _check_sender(case, account)
            fields |= {
                "reads_anew": batch != case.draft.batch,
                "batch": batch,
                "account": account,
                "subject": subject.strip()[:MAX_SUBJECT],
                "file_columns": tuple(file_columns[:20]),
            }
        draft = case.desk.read()
        going[0] = step == "check" and not list(_problems(_with(case, draft), _found(case)))
        return "" if going[0] else _("Saved.")

    answer = case.act(act, "letter", "/letter", {"sender": account[:100]})
    return case.visit.go(f"{case.path}/check") if going[0] else answer


@router.post("/campaigns/{campaign}/files")
def add(case: Campaign, files: Uploads = []) -> Response:  # noqa: B006
    """Add files that rows name: one by one, or as ZIP."""
    named = [one for one in files if one.filename]

    def act() -> str:
        if not named:
            raise Refused("no_file", _("Attachments: no file was chosen: choose files, or one ZIP"))
        with case.editing():
            added = [
                name
                for one in named
                for name in uploads.add_files(one.file, uploads.base_name(one.filename), case.desk.files)
            ]
        return ngettext("{count} file was added.", "{count} files were added.", len(added)).format(
            count=len(added)
        )

    return case.act(act, "files", "/letter#files", {"files": len(named)})


@router.post("/campaigns/{campaign}/files/remove")
def remove(case: Campaign, everyone: Field = "") -> Response:
    """Remove one file that everyone gets, or all files that rows name."""

    def act() -> str:
        with case.editing():
            if everyone:
                (case.desk.everyone / uploads.base_name(everyone)).unlink(missing_ok=True)
            else:
                for one in case.desk.files.iterdir():
                    one.unlink(missing_ok=True)
        return _("Removed.")

    return case.act(act, "files_remove", "/letter#files", {"file": everyone[:200]})


def _problems(case: Opened, found: Understood | None) -> Iterator[Problem]:
    """Yield what keeps the campaign from being checked, each with its field."""
    draft = case.draft
    header = found.places.header if found else ()
    if not draft.account:
        yield Problem("account", _("choose the mailbox that sends"))
    elif draft.account not in case.senders:
        yield Problem(
            "account", _("you may not send from {account}: choose another").format(account=draft.account)
        )
    if not draft.subject:
        yield Problem("subject", _("write a subject"))
    elif said := _misused(draft.subject, header, "--subject"):
        yield Problem("subject", said)
    if not draft.has_letter:
        yield Problem("text", _("write the text, or upload it"))
    elif said := _misused_letter(case.desk.letter, header):
        yield Problem("text", said)
    if missing := [one for one in draft.file_columns if one not in header]:
        yield Problem(
            "file_columns", _("no column is called {name}: choose again").format(name=", ".join(missing))
        )


def _misused(text: str, header: tuple[str, ...], where: str) -> str:
    try:
        compile_template(text, header, where)
    except Misused as error:
        return str(error)
    return ""


def _misused_letter(letter: Path, header: tuple[str, ...]) -> str:
    try:
        body, _encoding = body_of(letter)
    except Misused as error:
        return str(error)
    return _misused(body, header, LETTER)


def _address(case: Opened, account: str) -> str:
    """Return the address of a mailbox, or an empty text if only workers know it."""
    known = case.settings.accounts.get(account)
    return known.sender if known else ""


def _text(desk: Desk) -> str:
    try:
        return desk.letter.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _check_sender(case: Opened, account: str) -> None:
    """Raise Refused for a mailbox that the person may not use, or of which the campaign's batch is not."""
    if case.draft.parent and account != case.draft.account:
        raise Refused(
            "other_sender",
            _("Sender: these PEC are of a campaign of {account}: choose that mailbox").format(
                account=case.draft.account
            ),
        )
    if account and account not in case.senders:
        raise Refused("unknown_account", _("Sender: choose one of the mailboxes in the list"))


def _keep_text(desk: Desk, text: str, upload: UploadFile | None) -> None:
    """Write the text, or that of an uploaded letter in its place. Raise Refused."""
    written = text.replace("\r\n", "\n")
    if upload is not None and upload.filename:
        written = _uploaded(desk, upload)
    if len(written.encode()) > MAX_LETTER_BYTES:
        raise Refused("long_letter", _TOO_LONG)
    if not written.strip():
        desk.letter.unlink(missing_ok=True)
        return
    with atomic_write(desk.letter) as file:
        file.write(written.encode("utf-8", "replace"))


def _uploaded(desk: Desk, upload: UploadFile) -> str:
    with TemporaryDirectory(dir=desk.folder) as folder:
        place = Path(folder) / uploads.base_name(upload.filename)
        uploads.store(upload.file, place, MAX_LETTER_BYTES)
        try:
            return body_of(place)[0]
        except Misused as error:
            raise Refused("bad_letter", str(error)) from None


def _keep_everyone(desk: Desk, files: list[UploadFile]) -> None:
    given = [one for one in files if one.filename]
    names = {one.name for one in desk.everyone.iterdir()}
    if len(names | {uploads.base_name(one.filename) for one in given}) > MAX_EVERYONE:
        raise Refused(
            "too_many_files",
            _("Attachments for everyone: at most {limit}: put several into one PDF").format(
                limit=MAX_EVERYONE
            ),
        )
    for one in given:
        uploads.store(one.file, desk.everyone / uploads.base_name(one.filename), MAX_FILES_BYTES)


def _found(case: Opened) -> Understood | None:
    status = case.status(Task.LIST)
    return status.outcome if status.done else None


def _with(case: Opened, draft: Draft) -> Opened:
    return Opened(case.visit, case.desk, draft, case.runner)


_TOO_LONG: Text = _("Text: it is larger than 500 kB: make pictures smaller, or attach the document as PDF")
