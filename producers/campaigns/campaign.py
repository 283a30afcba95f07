"""A campaign, read from its file: every row is validated before any job is enqueued."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from config.foreign_words import system_words
from config.texts import _, joined
from pec.jobs import SendJob, validate
from pec.spreadsheet_text import unescape
from producers.campaigns.attachments import File, Folder
from producers.campaigns.body import body_of, local_pictures
from producers.campaigns.columns import Columns, columns_of
from producers.campaigns.errors import Misused, Unusable
from producers.campaigns.naming import MAX_BATCH, batch_of
from producers.campaigns.recipients import Tally, needs_every_row
from producers.campaigns.refused_file import is_refused_file, row_meant
from producers.campaigns.renderer import RowRenderer
from producers.campaigns.row_store import Entry, RowStatus, RowStore
from producers.campaigns.spreadsheet.encodings import Encoding
from producers.campaigns.spreadsheet.rows import Row
from producers.campaigns.spreadsheet.table import Table, open_table
from producers.campaigns.template import compile_template
from producers.campaigns.title import check_title
from producers.campaigns.validation import RowValidator

_PROGRESS_EVERY = 200  # rows
_SAMPLE = {"type": "send", "id": "x", "recipient": "x@pec.example.it", "subject": "x", "body": "x"}
_EXAMPLES = 3
_LOOKED_AT = 1000  # rows, to see what the columns hold
OnProgress = Callable[[float], object]  # the share that is done, from 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """The request of a person. `stated`: fields that all jobs share, the account among them.

    `attach_columns`: empty: the usual one; None: no column names files. `folder` has the files that rows name; None:
    that of `file`.
    """

    file: Path
    subject: str
    body: Path
    stated: Mapping[str, Any]
    batch: str | None = None
    to_column: str | None = None
    attach_columns: Sequence[str] | None = ()
    id_column: str | None = None
    attach: Sequence[Path] = field(default_factory=tuple)
    encoding: str | None = None
    allow_empty: bool = False
    folder: Path | None = None
    max_rows: int | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign whose every row is validated."""

    renderer: RowRenderer
    row_store: RowStore
    sample: SendJob  # which says what is stated of all
    empty_lines: int
    sheet: str | None
    encodings: Mapping[str, Encoding] = field(default_factory=dict)  # of each file of text, by its name
    breaks: bool = False  # lines are numbered as a spreadsheet's rows, unlike an editor's
    notes: Sequence[str] = ()  # what a person should look at before anything is sent

    @property
    def batch(self) -> str:
        return str(self.sample.batch)

    @property
    def first(self) -> Entry | None:
        """Return the first row that will be sent."""
        return next(self.row_store.entries(RowStatus.READY), None)

    @property
    def examples(self) -> list[str]:
        """Return the first three recipients, as their column has them."""
        place, found = self.renderer.columns.recipient, dict[str, None]()
        for values in self.row_store.rows():
            found |= {values[place]: None} if values[place] else {}
            if len(found) == _EXAMPLES:
                break
        return list(found)


@contextmanager
def validate_file(
    request: ImportRequest, max_bytes: int, on_progress: OnProgress, database: Path | None = None
) -> Iterator[Campaign]:
    """Read and validate the file. Raise Unusable, Misused, or JobRejected for a fault that all jobs would have.

    `database` is a new file that keeps the rows for `reopened`; None: they end with the context.
    """
    with open_table(request.file, request.encoding) as table, RowStore(database) as row_store:
        header, rows = _meant(table)
        start = list(islice(rows, _LOOKED_AT))
        with _naming_sheet(table.active):
            columns = _columns(request, header, start)
        if not start:
            raise Unusable(
                _("{path} has column names, and no line under them: add the recipients").format(
                    path=request.file.name
                )
            )
        batch = _batch(request, columns, start[0])
        stated = {**request.stated, "batch": batch}
        sample = validate({**_SAMPLE, **stated})
        assert isinstance(sample, SendJob)  # noqa: S101 - by its type
        body, of_body = body_of(request.body)
        renderer = _renderer(request, body, columns, stated, max_bytes)
        validator = RowValidator(renderer, row_store, batch, one_batch=request.batch is None)
        for number, row in enumerate(chain(start, rows)):
            if request.max_rows is not None and number >= request.max_rows:
                raise Unusable(
                    _("{path} has more than {limit} lines: divide it into several files").format(
                        path=request.file.name, limit=request.max_rows
                    )
                )
            validator.enter(row)
            if number % _PROGRESS_EVERY == 0:
                on_progress(table.share_read)
        encodings = {request.body.name: of_body} | (
            {request.file.name: table.encoding} if table.encoding else {}
        )
        notes = tuple(_notes(renderer, request.body))
        yield Campaign(renderer, row_store, sample, table.empty, table.sheet, encodings, table.breaks, notes)


@contextmanager
def reopened(request: ImportRequest, columns: Columns, max_bytes: int, database: Path) -> Iterator[Campaign]:
    """Return a campaign whose rows `validate_file` kept in a database. `request` names its batch. Raise Misused."""
    with RowStore.kept(database) as row_store:
        stated = {**request.stated, "batch": request.batch}
        sample = validate({**_SAMPLE, **stated})
        assert isinstance(sample, SendJob)  # noqa: S101 - by its type
        body, _encoding = body_of(request.body)
        renderer = _renderer(request, body, columns, stated, max_bytes)
        yield Campaign(renderer, row_store, sample, empty_lines=0, sheet=None)


@contextmanager
def _naming_sheet(active: str | None) -> Iterator[None]:
    """Say which sheet an error is about, if there are others. Raise Unusable."""
    try:
        yield
    except Unusable as error:
        if active is None:
            raise
        other = _("The sheet {name} was read: for another one, select it in Excel and save").format(
            name=active
        )
        raise Unusable(joined(". ", (str(error), other))) from None


def _columns(request: ImportRequest, header: tuple[str, ...], start: Sequence[Row]) -> Columns:
    check_title(header, start, request.to_column)
    tally = Tally(len(header), (row.cells for row in start))
    if request.to_column is None and len(start) == _LOOKED_AT and needs_every_row(header, tally):
        with open_table(request.file, request.encoding) as again:
            tally = Tally(len(header), (row.cells for row in _meant(again)[1]))
    return columns_of(header, request.to_column, request.attach_columns, request.id_column, tally)


def _meant(table: Table) -> tuple[tuple[str, ...], Iterator[Row]]:
    """Return the cells of a file of refused rows without the marks that protect them."""
    if not is_refused_file(table.header):
        return table.header, table.rows
    return tuple(map(unescape, table.header)), map(row_meant, table.rows)


def _batch(request: ImportRequest, columns: Columns, first: Row) -> str:
    if request.batch is not None:
        name = request.batch
    elif columns.batch is not None and columns.batch < len(first.cells) and first.cells[columns.batch]:
        name = first.cells[columns.batch]
    else:
        name = batch_of(request.file.stem)
    if len(name) > MAX_BATCH:
        raise Misused(_("--batch: the name is longer than {limit} characters").format(limit=MAX_BATCH))
    return name


def _renderer(
    request: ImportRequest, body: str, columns: Columns, stated: Mapping[str, Any], max_bytes: int
) -> RowRenderer:
    return RowRenderer(
        columns=columns,
        subject=compile_template(request.subject, columns.header, "--subject"),
        body=compile_template(body, columns.header, request.body.name),
        folder=Folder(request.folder or request.file.parent),
        stated=stated,
        max_bytes=max_bytes,
        everywhere=tuple(_everywhere(path) for path in request.attach),
        allow_empty=request.allow_empty,
    )


def _everywhere(path: Path) -> File:
    try:
        with path.open("rb"):
            return File(path, path.stat().st_size)
    except OSError as error:
        raise Misused(
            _("can't read {path} ({why}): name a readable file").format(path=path, why=system_words(error))
        ) from None


def _notes(renderer: RowRenderer, body: Path) -> Iterator[str]:
    for file in renderer.everywhere:
        if not file.size:
            yield _("{file}, which every message gets, is empty (0 bytes): check the file").format(
                file=file.path.name
            )
    if pictures := local_pictures("".join(renderer.body.texts)):
        yield _(
            "{file} shows a picture of this machine ({picture}), which no recipient will see: attach it"
        ).format(file=body.name, picture=pictures[0])
