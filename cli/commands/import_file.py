"""`pec import`: a campaign's file becomes jobs, all of them or none."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from cli import output
from cli.configured_names import ACCOUNT
from cli.errors import Exit, Failure
from cli.import_again import again_option, refuse_cancelled, tell_of_earlier, tell_of_same_subject
from cli.import_report import MAX_SHOWN, Found, as_dict, show, show_letters
from cli.import_trial import send_trials
from cli.job_options import job_options
from cli.language import translated
from cli.row_numbers import row_numbers
from config.redis_connection import RedisUnreachable
from config.settings import Settings, load_settings
from config.texts import _
from pec.instants import from_epoch
from pec.jobs import JobRejected
from pec.messages import Reason
from pec.names import State
from pec.operations.diagnosis import remedy_of_pause
from pec.operations.live_workers import no_worker_runs
from pec.operations.paused_batches import said
from pec.operations.session import Session, open_session
from pec.store import accounts, batches, heartbeat
from pec.store.store import wall_clock
from producers.campaigns.again import Rule
from producers.campaigns.already_enqueued import mark_already_enqueued
from producers.campaigns.campaign import Campaign, ImportRequest, OnProgress, validate_file
from producers.campaigns.cancelled_batch import lift
from producers.campaigns.enqueuing import enqueue
from producers.campaigns.errors import Misused, Unusable
from producers.campaigns.estimate import estimate
from producers.campaigns.refused_file import write_refused
from producers.campaigns.row_store import RowStatus
from producers.campaigns.same_subject import same_subject
from producers.campaigns.trial import own_address, picked
from producers.campaigns.validation import warn_of_several
from producers.producer import Producer

T = TypeVar("T")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)
_SAME_AGAIN = _("import the same file again: nothing is sent twice")


@click.command("import")
@click.argument("file", type=_FILE)
@click.option("--account", type=ACCOUNT, required=True, help="The mailbox that sends.")
@click.option("--subject", required=True, help="With {column} where a value of the line belongs.")
@click.option("--body", required=True, type=_FILE, help="HTML or plain text, with {column} too.")
@click.option("--batch", help="Counts the messages together, and makes their ids. Default: FILE's name.")
@click.option(
    "--to-column", metavar="NAME", help="Holds the recipient. Default: the one called PEC or alike."
)
@click.option(
    "--attach-column",
    "attach_columns",
    metavar="NAME",
    multiple=True,
    help="Holds names of files, beside FILE. Default: the one called allegati or alike.",
)
@click.option(
    "--id-column",
    metavar="NAME",
    help="Holds your key of the message, to which the batch is joined. Default: the one called id. '': none.",
)
@click.option(
    "--encoding",
    metavar="NAME",
    help="Of FILE, if it is CSV: utf-8, windows-1252, macintosh, cp850. Default: found out.",
)
@click.option("--attach", type=_FILE, multiple=True, help="A file that every message gets.")
@job_options
@click.option("--dry-run", is_flag=True, help="Check and show everything, enqueue nothing.")
@click.option(
    "--show",
    "shown",
    metavar="ROWS",
    callback=row_numbers,
    help="Rows whose letters the dry run shows: 17, or 1,17.",
)
@click.option(
    "--test-to", metavar="ADDRESS", help="Send letters to yourself as a test, and none to recipients."
)
@click.option(
    "--rows",
    metavar="ROWS",
    callback=row_numbers,
    help="Of --test-to: rows below the header. Default: the first.",
)
@again_option
@click.option("--allow-empty", is_flag=True, help="Send lines too whose value for a {column} is empty.")
@click.option("--skip-invalid", is_flag=True, help="Enqueue the other lines though some are refused.")
@click.option("--refused", type=_NEW_FILE, help="Write refused lines there (CSV), to be mended and imported.")
@output.as_json
def import_file(
    account: str,
    dry_run: bool,
    shown: tuple[int, ...],
    test_to: str | None,
    rows: tuple[int, ...],
    again: frozenset[State],
    skip_invalid: bool,
    refused: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Send a PEC for each line of a spreadsheet (CSV, XLSX).

    The first line names the columns. One refused line refuses the file. The same file imported again sends
    nothing twice, because ids are made of batch and recipient: a new campaign needs another --batch.

    \b
    pec import soci.csv --account acme --subject 'Avviso per {nome}' --body avviso.html --dry-run
    pec import soci.csv --account acme --subject 'Avviso per {nome}' --body avviso.html --test-to me@pec.example.it
    pec import soci.xlsx --account acme --subject 'Avviso per {nome}' --body avviso.html --batch soci-2026
    pec import soci.csv --account acme --subject Avviso --body avviso.html --skip-invalid --refused errori.csv
    pec import soci.csv --account acme --subject Avviso --body avviso.html --again cancelled
    """
    order = _order(account, given)
    _check_options(dry_run=dry_run, shown=shown, test_to=test_to, rows=rows, again=again)
    if test_to is not None:
        _send_test(order, test_to, rows, as_json=as_json)
        return
    if refused and refused.resolve() in {path.resolve() for path in (order.file, order.body, *order.attach)}:
        raise click.UsageError(_("--refused: would overwrite a file that is read: name another one"))
    with ExitStack() as stack:
        settings, session = stack.enter_context(_surroundings(dry_run=dry_run))
        _check_names(order, settings, session)
        campaign = stack.enter_context(_judged(order, settings))
        found = _found(campaign, settings, session, shown, again)
        if not as_json:
            show(found)
            _tell_of_numbers(found)
        for note in campaign.notes:
            output.note(note)
        tell_of_same_subject(found)
        _write_refused(refused, order, found)
        if found.count(RowStatus.REFUSED) and not (skip_invalid and found.sendable):
            _refuse(found, refused, dry_run=dry_run, as_json=as_json)
        if session:
            refuse_cancelled(session.store, found, again)
            _tell_of_paused_batch(session, campaign.batch)
        if dry_run:
            _tell_of_dry_run(found, as_json=as_json)
        elif session:
            if State.CANCELLED in again and found.count(RowStatus.READY):
                lift(session.store, campaign.batch)
            _conclude(found, session, _enqueue(session, campaign), as_json=as_json)


def _order(account: str, given: dict[str, Any]) -> ImportRequest:
    names = (
        "file",
        "subject",
        "body",
        "batch",
        "to_column",
        "attach_columns",
        "id_column",
        "attach",
        "encoding",
        "allow_empty",
    )
    stated = {name: value for name, value in given.items() if name not in names and value is not None}
    return ImportRequest(stated={"account": account, **stated}, **{name: given[name] for name in names})


def _check_options(
    *,
    dry_run: bool,
    shown: tuple[int, ...],
    test_to: str | None,
    rows: tuple[int, ...],
    again: frozenset[State],
) -> None:
    """Raises UsageError for options that need each other, or exclude each other."""
    if shown and not dry_run:
        raise click.UsageError(_("--show: only a dry run shows letters: add --dry-run"))
    if rows and test_to is None:
        raise click.UsageError(_("--rows: says which rows are sent as a test: add --test-to ADDRESS"))
    if test_to is not None and dry_run:
        raise click.UsageError(_("--test-to sends, and --dry-run sends nothing: choose one"))
    if test_to is not None and again:
        raise click.UsageError(_("--test-to sends nothing to recipients, and --again does: choose one"))


def _send_test(order: ImportRequest, test_to: str, rows: tuple[int, ...], *, as_json: bool) -> None:
    with ExitStack() as stack:
        to = _or_usage_error(lambda: own_address(test_to))
        session = stack.enter_context(open_session())
        _check_names(order, session.settings, session)
        campaign = stack.enter_context(_judged(order, session.settings))
        send_trials(session, campaign, to, rows, as_json=as_json)


def _or_usage_error(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except Misused as error:
        raise click.UsageError(str(error)) from None


@contextmanager
def _surroundings(*, dry_run: bool) -> Iterator[tuple[Settings, Session | None]]:
    """A dry run needs no Redis."""
    with ExitStack() as stack:
        try:
            session = stack.enter_context(open_session())
        except RedisUnreachable as error:
            if not dry_run:
                raise
            output.note(
                _("{problem}. What was enqueued before, and what waits, could not be looked at.").format(
                    problem=error
                )
            )
            yield load_settings(), None
        else:
            yield session.settings, session


@contextmanager
def _judged(order: ImportRequest, settings: Settings) -> Iterator[Campaign]:
    with ExitStack() as stack:
        try:
            with _progress(_("reading")) as report_progress:
                campaign = stack.enter_context(validate_file(order, settings.api.max_bytes, report_progress))
        except Unusable as error:
            raise Failure(_("{error}\nNothing was enqueued.").format(error=error), Exit.REJECTED) from None
        except Misused as error:
            raise click.UsageError(str(error)) from None
        yield campaign


def _found(
    campaign: Campaign,
    settings: Settings,
    session: Session | None,
    shown: tuple[int, ...],
    again: frozenset[State],
) -> Found:
    store, now = session.store if session else None, from_epoch(wall_clock())
    rule = Rule(again, now, timedelta(seconds=settings.receipts.late_period_seconds))
    earlier = mark_already_enqueued(store, campaign.row_store, campaign.renderer, rule) if store else None
    warn_of_several(campaign.row_store, campaign.renderer)
    count = campaign.row_store.count(RowStatus.READY)
    account = str(campaign.renderer.stated["account"])
    cost = estimate(count, settings, account, store, now, campaign.sample.not_before)
    rows = _or_usage_error(lambda: picked(campaign, shown, "--show"))
    repeated = same_subject(store, campaign.row_store, campaign.renderer, now) if store else None
    return Found(campaign, cost, earlier, rows, repeated)


@contextmanager
def _progress(what: str) -> Iterator[OnProgress]:
    """For a terminal a bar, elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(translated(what), total=1.0)
        yield lambda share: progress.update(task, completed=share)


# Names that workers must know


def _check_names(order: ImportRequest, settings: Settings, session: Session | None) -> None:
    """Raises Failure where no live worker, and no setting, knows the account or the endpoint."""
    served = heartbeat.live(session.store, "account") if session else set()
    _check_name(
        _("account"), order.stated["account"], served | set(settings.accounts), asked=session is not None
    )
    if webhook := order.stated.get("webhook"):
        heard = heartbeat.live(session.store, "endpoint") if session else set()
        configured = {endpoint.name for endpoint in settings.webhooks.endpoints}
        _check_name(_("webhook"), webhook, heard | configured, asked=session is not None)
    if session and (pause := accounts.state_of(session.store, order.stated["account"]).reason):
        _tell_of_pause(order.stated["account"], pause)


def _tell_of_paused_batch(session: Session, batch: str) -> None:
    if paused := batches.state_of(session.store, batch):
        output.note(said(paused, from_epoch(session.store.now())))


def _tell_of_pause(account: str, pause: Reason) -> None:
    """The estimate does not know when it goes on."""
    why = pause.description or pause.code
    output.note(
        _("account {account} is paused: {reason}: {remedy}").format(
            account=account, reason=why, remedy=remedy_of_pause(account, pause)
        )
    )


def _check_name(kind: str, name: str, known: set[str], *, asked: bool) -> None:
    if name in known:
        return
    if not known or not asked:
        output.note(
            _(
                "No live worker could be asked about the {word} {name}: one that none knows is rejected."
            ).format(word=kind, name=name)
        )
        return
    near = get_close_matches(name, known, n=1)
    hint = _(" (did you mean {name}?)").format(name=near[0]) if near else ""
    names = ", ".join(sorted(known)[:MAX_SHOWN])
    raise Failure(
        _("rejected: {word}: {name} is not configured{hint}; known: {names}").format(
            word=kind, name=name, hint=hint, names=names
        ),
        Exit.REJECTED,
    )


# Refused lines


def _write_refused(path: Path | None, order: ImportRequest, found: Found) -> None:
    if path is None or not found.count(RowStatus.REFUSED):
        return
    campaign = found.campaign
    try:
        write_refused(path, campaign.row_store, campaign.renderer.columns, campaign.batch, translated)
    except OSError as error:
        raise click.UsageError(
            _("--refused: can't write {path} ({why}): name another file").format(
                path=path, why=error.strerror
            )
        ) from None
    output.note(
        _("The refused lines are in {path}: once they are mended, import that file.").format(path=path)
    )
    if campaign.renderer.columns.attachments and path.resolve().parent != order.file.resolve().parent:
        output.note(
            _("Keep it in the folder of {file}: attachments are looked for beside it.").format(
                file=order.file.name
            )
        )


def _refuse(found: Found, path: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Raises Failure."""
    if as_json:
        output.data(as_dict(found, None if dry_run else 0))
    elif dry_run:
        show_letters(found)
    count = found.count(RowStatus.REFUSED)
    now = (
        _(", or send the others ({count}) with --skip-invalid").format(count=found.sendable)
        if found.sendable
        else ""
    )
    file = "" if path else _("; --refused FILE writes them to a file of their own")
    raise Failure(
        _(
            "nothing is enqueued, because lines are refused ({count}): mend them and import again{now}{file}"
        ).format(count=count, now=now, file=file),
        Exit.REJECTED,
    )


# Enqueuing


def _enqueue(session: Session, campaign: Campaign) -> int:
    """Return how many were enqueued. Raise Failure, which says how many are in."""
    done, count = 0, campaign.row_store.count(RowStatus.READY)
    try:
        with _progress(_("enqueuing")) as report_progress:
            for done in enqueue(Producer.on(session.store), campaign, report_progress):  # noqa: B007 - reported below
                pass
    except RedisUnreachable as error:
        said = _("{error}\nat least {done} of {count} are in: once Redis answers, {same_again}").format(
            error=error, done=done, count=count, same_again=_SAME_AGAIN
        )
        raise Failure(said, Exit.UNREACHABLE) from None
    except (JobRejected, OSError) as error:
        said = _(
            "a file was changed meanwhile ({error})\nat least {done} of {count} are in: "
            "mend it and {same_again}"
        ).format(error=error, done=done, count=count, same_again=_SAME_AGAIN)
        raise Failure(said, Exit.REJECTED) from None
    except KeyboardInterrupt:
        output.note(
            _("at least {count} of {count2} are in. To go on, {what}.").format(
                count=done, count2=count, what=_SAME_AGAIN
            )
        )
        raise
    return done


def _conclude(found: Found, session: Session, enqueued: int, *, as_json: bool) -> None:
    if as_json:
        output.data(as_dict(found, enqueued))
    else:
        click.echo(translated(_("\n{count} enqueued").format(count=enqueued)))
    _tell_of_names(found)
    if no_worker_runs(session.store):
        output.note(_("No worker is running, so they wait in Redis: start one with `pec worker`."))
    batch = found.campaign.batch
    output.note(
        _("Follow them with `pec watch --batch {batch}`; then `pec export --batch {batch}`.").format(
            batch=batch
        )
    )


def _tell_of_dry_run(found: Found, *, as_json: bool) -> None:
    if as_json:
        output.data(as_dict(found, None))
    else:
        show_letters(found)
    _tell_of_names(found)
    output.note(_("A dry run: nothing was enqueued."))


def _tell_of_numbers(found: Found) -> None:
    if found.campaign.breaks:
        output.note(
            _(
                "Lines are numbered as a spreadsheet program numbers its rows: a cell with line breaks counts once."
            )
        )


def _tell_of_names(found: Found) -> None:
    """What may be misunderstood about batches, and about time."""
    if before := found.count(RowStatus.ALREADY_ENQUEUED):
        output.note(
            _("{count} were enqueued before, and are left out: nothing is sent twice.").format(count=before)
        )
    tell_of_earlier(found)
    output.note(
        _("The batch is {batch}: a new campaign needs another, with --batch.").format(
            batch=found.campaign.batch
        )
    )
    ends, last = found.campaign.sample.not_after, found.estimate.finishes_at
    if ends and (last is None or last > ends):
        output.note(_("The last of them come after --not-after: what is not sent by then expires."))
