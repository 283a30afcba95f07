"""Render a row: a job, or the problems that prevent it, and issues for a person to check before it is sent."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.texts import _, ngettext
from pec.domains import for_people
from pec.job_messages import Contents, check_size, contents_of, digest_of
from pec.jobs import JobRejected, SendJob, validate
from pec.messages import Attachment
from pec.problems import Problem
from producers.campaigns import spoilt
from producers.campaigns.attachments import File, Folder, Missing, names_in
from producers.campaigns.columns import Columns
from producers.campaigns.naming import own_id
from producers.campaigns.ordinary import is_ordinary
from producers.campaigns.row_metadata import row_metadata
from producers.campaigns.spreadsheet.rows import Row
from producers.campaigns.template import Template
from producers.campaigns.written_address import (
    address_in,
    alphabet_of,
    domain_shown,
    foreign_letters,
    is_several,
)

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_NO_HASH = "0" * 64  # while only the form of a job is looked at
_NO_ID = "x"
_MAX_SHOWN = 100  # characters of a cell


@dataclass(frozen=True, slots=True)
class RowResult:
    """The rendered row. `digest` is equal for the same message to the same recipient.

    `id` is the row's own, if it has one; `recipient`, in lower case, is None where it is no address.
    """

    id: str | None
    recipient: str | None
    digest: bytes
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A row's message, filled."""

    recipient: str
    subject: str
    body: str
    files: tuple[File, ...]
    missing: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class RowRenderer:
    """How the rows of one campaign become jobs. `stated` are the fields that all of its jobs share."""

    columns: Columns
    subject: Template
    body: Template
    folder: Folder
    stated: Mapping[str, Any]
    max_bytes: int
    everywhere: tuple[File, ...] = ()
    allow_empty: bool = False

    @property
    def id_name(self) -> str:
        return self.columns.header[self.columns.id] if self.columns.id is not None else "id"

    @property
    def recipient_name(self) -> str:
        return self.columns.header[self.columns.recipient]

    def values(self, row: Row) -> tuple[str, ...]:
        """Return a value for each column, with the bare address, and the cells beyond the last column."""
        cells = list(row.cells) + [""] * (len(self.columns.header) - len(row.cells))
        cells[self.columns.recipient] = address_in(cells[self.columns.recipient])
        return tuple(cells)

    def validate(self, values: Sequence[str]) -> RowResult:
        draft = self.draft(values)
        given = self._given_id(values)
        recipient, refused = self._checked(draft, given, values)
        problems = (*self._misplaced(values), *self._spoilt(values), *refused, *draft.missing)
        empty = tuple(self._empty(values))
        warnings = (*self._warnings(values, recipient), *self._empty_files(draft))
        if self.allow_empty:
            warnings = (*empty, *warnings)
        else:
            problems = (*problems, *empty)
        return RowResult(given, recipient, self._digest(draft, recipient, values), problems, warnings)

    def draft(self, values: Sequence[str]) -> Draft:
        files, missing = list(self.everywhere), []
        for column in self.columns.attachments:
            for name in names_in(values[column]):
                try:
                    files.append(self.folder.find(name))
                except Missing as error:
                    missing.append(Problem(self.columns.header[column], str(error)))
        return Draft(
            recipient=values[self.columns.recipient],
            subject=self.subject.fill(values),
            body=self.body.fill_html(values),
            files=tuple(files),
            missing=tuple(missing),
        )

    def job(self, values: Sequence[str], job_id: str) -> dict[str, Any]:
        """Return the job for `Producer.send_many`. Raise OSError or JobRejected if a file is gone by now."""
        draft = self._whole(values)
        files = [(file.name, self.folder.read(file.path)) for file in draft.files]
        return {**self._form(draft, job_id, values), "attachments": files}

    def taken_digests(self, values: Sequence[str]) -> Callable[[str], str]:
        """Return the data that workers keep of the job under an id. Raise as `job` does."""
        draft = self._whole(values)
        files = [{"name": file.name, "sha256": self.folder.sha256(file.path)} for file in draft.files]
        job = validate({**self._form(draft, _NO_ID, values), "type": "send", "attachments": files})
        assert isinstance(job, SendJob)  # noqa: S101 - by its type
        contents = contents_of(job)
        return lambda job_id: digest_of(job.model_copy(update={"id": job_id}), contents)

    def _whole(self, values: Sequence[str]) -> Draft:
        """Return the row's draft. Raise JobRejected if it has lost an attachment since it was validated."""
        draft = self.draft(values)
        if draft.missing:
            raise JobRejected(list(draft.missing))
        return draft

    def _form(self, draft: Draft, job_id: str, values: Sequence[str]) -> dict[str, Any]:
        texts = {"recipient": draft.recipient, "subject": draft.subject, "body": draft.body}
        return {"id": job_id, **self.stated, **texts, "metadata": row_metadata(self.columns.header, values)}

    def _given_id(self, values: Sequence[str]) -> str | None:
        key = values[self.columns.id] if self.columns.id is not None else ""
        return own_id(str(self.stated["batch"]), key) if key else None

    def other_ids(self, values: Sequence[str]) -> list[str]:
        """Return the ids that the row has if its keys are used, or are not joined with the batch."""
        places = [one for one in (self.columns.id, self.columns.spare_id) if one is not None]
        keys = filter(None, dict.fromkeys(values[one] for one in places))
        return [job_id for key in keys for job_id in (own_id(str(self.stated["batch"]), key), key)]

    def _digest(self, draft: Draft, recipient: str | None, values: Sequence[str]) -> bytes:
        named = [f"{file.path}" for file in draft.files] + [values[one] for one in self.columns.attachments]
        parts = (recipient or draft.recipient.lower(), draft.subject, draft.body, *named)
        return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def rounded(self, row: Row) -> Iterator[Problem]:
        """Yield a warning for each number that a letter uses and that Excel keeps only in part."""
        used = {*self.subject.used, *self.body.used, self.columns.id}
        for number in row.rounded:
            if number.place in used:
                reason = _(
                    "holds {number}, a long number that Excel has shortened: format it as text"
                ).format(number=number.text)
                yield Problem(self.columns.header[number.place], reason)

    # What is wrong

    def _checked(
        self, draft: Draft, given: str | None, values: Sequence[str]
    ) -> tuple[str | None, list[Problem]]:
        """Return the recipient's address, and the problems for which workers would refuse it."""
        form = {**self._form(draft, given or _NO_ID, values), "type": "send"}
        form["attachments"] = [{"name": file.name, "sha256": _NO_HASH} for file in draft.files]
        try:
            job = validate(form)
            assert isinstance(job, SendJob)  # noqa: S101 - by its type
            self._check_size(job, draft)
        except JobRejected as rejected:
            fields = {problem.field.split(".")[0] for problem in rejected.problems}
            recipient = None if "recipient" in fields else for_people(draft.recipient).lower()
            return recipient, [self._placed(problem, values) for problem in rejected.problems]
        return job.recipients[0].lower(), []

    def _check_size(self, job: SendJob, draft: Draft) -> None:
        """Raise JobRejected if the message is too large, as the workers would."""
        sizes = {str(place): file.size for place, file in enumerate(draft.files)}
        attachments = tuple(Attachment(name, name) for name in sizes)
        sizes["body"] = len(draft.body.encode())
        check_size(job, Contents("body", attachments, {}, {}), sizes, self.max_bytes)

    def _placed(self, problem: Problem, values: Sequence[str]) -> Problem:
        """Return the problem of a job's field as one of the file's column."""
        header, field = self.columns.header, problem.field.split(".")[0]
        if field == "recipient":
            return Problem(self.recipient_name, _of_recipient(values[self.columns.recipient], problem))
        if field == "id":
            return Problem(
                self.id_name,
                _("{reason}, or turn the column off with --id-column ''").format(reason=problem.reason),
            )
        if field == "attachments" and self.columns.attachments:
            return Problem(header[self.columns.attachments[0]], problem.reason)
        if field == "subject":
            broken = [header[one] for one in self.subject.used if _CONTROL.search(values[one])]
            if broken:
                return Problem(broken[0], _("the subject {problem}").format(problem=problem.reason))
        return problem

    def _misplaced(self, values: Sequence[str]) -> list[Problem]:
        """Return a problem if the row has values without a column name."""
        header = self.columns.header
        if len(values) > len(header) and any(values[len(header) :]):
            reason = ngettext(
                "has {cells} cells, and there is {count} column: "
                "put a cell that holds a separator in quotation marks",
                "has {cells} cells, and there are {count} columns: "
                "put a cell that holds a separator in quotation marks",
                len(header),
            ).format(cells=len(values), count=len(header))
            return [Problem(_("line"), reason)]
        nameless = [place for place, name in enumerate(header) if not name and values[place]]
        reason = _("has no name, and a value in this line: name the column, or empty it")
        return [Problem(_("column {number}").format(number=place + 1), reason) for place in nameless]

    def _spoilt(self, values: Sequence[str]) -> list[Problem]:
        return [
            Problem(name, problem)
            for name, value in zip(self.columns.header, values, strict=False)
            if (problem := spoilt.problem_of(value))
        ]

    def _empty(self, values: Sequence[str]) -> list[Problem]:
        """Return a problem for each value that the message would lack."""
        used = dict.fromkeys((*self.subject.used, *self.body.used))
        if self.allow_empty:
            reason = _("is empty, and the template uses it")
        else:
            reason = _("is empty, and the template uses it: fill it in, or send it so with --allow-empty")
        return [
            Problem(self.columns.header[one], reason)
            for one in used
            if not values[one] and one != self.columns.recipient
        ]

    def _empty_files(self, draft: Draft) -> list[Problem]:
        """Return a warning for each empty attachment of the row."""
        names = {file.path: file.name for file in draft.files[len(self.everywhere) :] if not file.size}
        column = self.columns.header[self.columns.attachments[0]] if names else ""
        return [
            Problem(column, _("{file} is empty (0 bytes): check the file").format(file=name))
            for name in names.values()
        ]

    def _warnings(self, values: Sequence[str], recipient: str | None) -> list[Problem]:
        """Yield issues: values that are valid, but seldom intended."""
        header = self.columns.header
        used = dict.fromkeys((*self.subject.used, *self.body.used))
        found = [
            Problem(header[one], doubt) for one in used if (doubt := spoilt.doubt_of(values[one])) is not None
        ]
        domain = domain_shown((recipient or "").partition("@")[2])
        if letters := foreign_letters(domain):
            found.append(Problem(self.recipient_name, _of_letter(domain, letters[0])))
        if is_ordinary(domain):
            reason = _(
                "{address} is ordinary mail, not PEC: there will be no CONSEGNA, it ends as uncertified"
            ).format(address=domain)
            found.append(Problem(self.recipient_name, reason))
        return found


def _of_recipient(written: str, problem: Problem) -> str:
    if not written:
        return _("is empty: write an address")
    shown = " ".join(written.split())[:_MAX_SHOWN]
    if is_several(written):
        return _("holds several addresses ({addresses}): give each a line of its own").format(addresses=shown)
    if letters := foreign_letters(written):
        return _of_letter(shown, letters[0])
    return _("{reason}: it holds {value}").format(reason=problem.reason, value=shown)


def _of_letter(text: str, letter: str) -> str:
    return _("{address} has {kind} among Latin ones, {letter}: type the address anew").format(
        address=text, kind=alphabet_of(letter), letter=letter
    )
