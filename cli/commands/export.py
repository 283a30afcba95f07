"""`pec export`: what became of each message, for a clerk, an accountant, a court or a program."""

import errno
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import click

from archive import folder, selection, table
from archive.atomic_files import atomic_write
from archive.case_files import CaseFile, gather, json_line
from archive.manifest import NotAManifest
from cli import output
from cli.bar import progress_bar
from cli.errors import Exit, Failure
from cli.language import translated
from cli.proof_wait import wait_for_proof
from cli.session import Session, open_session
from cli.state_name import states_option
from config.texts import _, joined
from pec.names import ENDS, State
from pec.operations.absent import absent
from pec.operations.batch_names import near_batch
from pec.operations.state_counts import count_of
from pec.receipts import Kind
from pec.store import records
from pec.store.store import Store

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
Write = Callable[[bytes], object]
_Lacking = Callable[[CaseFile], tuple[Kind, ...]]
_MAX_NAMED = 20  # messages whose proof is incomplete


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--batch", help="All messages of a batch, in the order of intake.")
@states_option
@click.option("--all", "everything", is_flag=True, help="All messages there are.")
@click.option(
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it there, whole or not at all, and not to stdout.",
)
@click.option(
    "--receipts",
    "proof",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write each message's content and receipts there too, with their SHA-256 sums.",
)
@click.option(
    "--no-wait",
    is_flag=True,
    help="Do not wait until the receipts of ended messages are complete (at most 2 minutes).",
)
@output.as_json
def export(
    ids: tuple[str, ...],
    batch: str | None,
    states: tuple[State, ...],
    everything: bool,
    file: Path | None,
    proof: Path | None,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Write what became of each message: as CSV for Excel, or as JSON Lines for programs.

    \b
    pec export --batch november --output november.csv
    pec export --batch november --state undelivered --state expired --output not-reached.csv
    pec export --batch november --output november.csv --receipts november
    cd november && sha256sum -c SHA256SUMS

    The CSV ends with the columns of the sheet that was imported. Its names, states and reasons are Italian if
    LANG is. With --state, only lines in that state are written, and none of messages that were sent again. In
    the CSV, times are those of Europe/Rome, and text that Excel would compute or round begins with a '. FILE
    and DIR hold personal data: they are made for your user alone (modes 0600 and 0700). The same DIR again is
    brought up to date. Where content is no longer in Redis, the rest is written, message.json says what is
    missing, and the exit code is 1.

    Receipts come after the end of a message, and their texts after them: the export waits for them, at most
    2 minutes. Messages whose receipts are still incomplete then are named, and the exit code is 6. Without
    --receipts and --json, only receipts that are missing altogether count, because the CSV holds no texts.

    Messages that have ended and stand whole in DIR may be deleted from Redis in time
    (PEC_RETENTION__MESSAGES_DAYS). A table alone is no proof: what stands only there stays in Redis.
    """
    if (bool(ids), bool(batch), everything).count(True) != 1:
        raise click.UsageError(_("say what: pec export ID…, or pec export --batch B, or pec export --all"))
    with open_session() as session:
        chosen = _chosen(session.store, ids, batch)
        chosen = replace(chosen, states=frozenset(states))
        lacks = _lacks_texts if proof or as_json else _lacks_receipts
        if not no_wait:
            wait_for_proof(session.store, chosen.ids(), lambda case: chosen.has(case) and lacks(case))
        try:
            done = _export(session, chosen, file, proof, lacks, as_json=as_json)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise cannot_write(error) from None
        except NotAManifest as found:
            raise Failure(
                _("{path} is no list of SHA-256 sums: name another folder").format(path=found), Exit.USAGE
            ) from None
        _tell(session.store, done, batch, chosen)
    for line in _places(done, file, proof):
        output.note(line)
    if done.lacking:
        output.note(_unproved(done.lacking))
    if done.incomplete:
        raise _incomplete(done.incomplete)
    if done.lacking:
        raise Failure("", Exit.UNDELIVERED)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The ids, and about how many."""

    ids: Callable[[], Iterable[str]]
    count: int
    states: frozenset[State] = frozenset()  # all, if it is empty

    def has(self, case: CaseFile) -> bool:
        """Return whether the message, or one of its recipients, is in one of the states and not replaced."""
        if not self.states:
            return True
        return not case.replaced_by and bool(self.states & table.states_of(case.message))


@dataclass(slots=True)
class _Done:
    """What was exported."""

    states: Counter[State] = field(default_factory=Counter)
    replaced: int = 0  # messages that a later attempt replaced; `states` counts the others
    files: int = 0
    incomplete: list[str] = field(default_factory=list)
    lacking: list[tuple[str, tuple[Kind, ...]]] = field(default_factory=list)


def _chosen(store: Store, ids: tuple[str, ...], batch: str | None) -> _Chosen:
    if ids:
        named = list(dict.fromkeys(one for job in ids for one in _messages_of(store, job)))
        return _Chosen(lambda: named, len(named))
    if batch is None:
        return _Chosen(partial(selection.of_all, store), sum(records.counts(store).values()))
    if count := selection.count_of_batch(store, batch):
        return _Chosen(partial(selection.of_batch, store, batch), count)
    raise no_batch(store, batch)


def _messages_of(store: Store, job: str) -> list[str]:
    messages = records.ids_of_job(store, job)
    if not messages:
        raise absent(store, job)
    for message in messages:
        if not store.client.exists(store.keys.message(message)):
            raise Failure(
                _("there is no record of {id} any more: it was kept as long as it had to be").format(
                    id=message
                ),
                Exit.REJECTED,
            )
    return messages


def no_batch(store: Store, batch: str) -> Failure:
    waiting = int(store.client.xlen(store.keys.jobs))
    if rejected := selection.rejected_of(store, batch):
        remedy = _("{count} of its jobs were rejected, `pec list --rejected` says why").format(count=rejected)
    elif waiting:
        remedy = _("{count} jobs wait to be taken, they may be among them: try again").format(count=waiting)
    elif near := near_batch(store, batch):
        remedy = _("did you mean {name}?").format(name=near)
    else:
        remedy = _("check the name, or look through `pec list`")
    return Failure(
        _("there is no message of batch {batch}: {remedy}").format(batch=batch, remedy=remedy), Exit.REJECTED
    )


def _export(
    session: Session,
    chosen: _Chosen,
    file: Path | None,
    proof: Path | None,
    lacks: _Lacking,
    *,
    as_json: bool,
) -> _Done:
    done = _Done()
    with ExitStack() as stack:
        kept = (
            stack.enter_context(folder.opened(proof, session.store, session.settings.retention))
            if proof
            else None
        )
        if kept and file:
            stack.callback(kept.cover, file.resolve())  # once it is written, and before the sums are
        write = stack.enter_context(_sink(file))
        step = stack.enter_context(progress_bar(chosen.count, hidden=file is None and sys.stdout.isatty()))
        lines = _json_line if as_json else _csv(session.store, chosen, write)
        for case in gather(session.store, chosen.ids()):
            step()
            if not chosen.has(case):
                continue
            for line in lines(case):
                write(line)
            if kept:
                kept.add(case)
            if case.replaced_by:
                done.replaced += 1
            else:
                done.states[case.message.state] += 1
            if lacked := lacks(case):
                done.lacking.append((case.message.id, lacked))
    if kept:
        done.files, done.incomplete = kept.files, kept.incomplete
    return done


def _json_line(case: CaseFile) -> Iterable[bytes]:
    return (json_line(case.as_dict()),)


def _csv(store: Store, chosen: _Chosen, write: Write) -> Callable[[CaseFile], Iterable[bytes]]:
    """Return what makes the lines of a message, once the header is written."""
    columns = selection.sheet_columns(store, chosen.ids())
    made = table.Table(columns, chosen.states, words=translated)
    write(made.header())
    return made.lines


@contextmanager
def _sink(file: Path | None) -> Iterator[Write]:
    """Bytes, so that no locale changes them."""
    if file is None:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    place = file.resolve()  # of a link, what it leads to is written
    if place.exists() and not place.is_file():
        raise OSError(
            errno.EINVAL, _("it is no regular file, leave --output out and redirect stdout"), str(file)
        )
    with atomic_write(place) as opened:
        yield opened.write


def cannot_write(error: OSError) -> Failure:
    place = error.filename or "stdout"
    if error.errno in _NO_ROOM:
        return Failure(
            _("can't write {path} ({why}): make room and try again").format(path=place, why=error.strerror),
            Exit.UNEXPECTED,
        )
    return Failure(
        _("can't write {path} ({why}): name a place you may write to").format(path=place, why=error.strerror),
        Exit.USAGE,
    )


def _tell(store: Store, done: _Done, batch: str | None, chosen: _Chosen) -> None:
    total = sum(done.states.values())
    nothing = _("No message is in that state.") if chosen.states else _("There are no messages yet.")
    states = joined(", ", [count_of(state, done.states[state]) for state in State if done.states[state]])
    output.note(_("{count} messages: {states}").format(count=total, states=states) if total else nothing)
    if done.replaced:
        output.note(
            _("{count} earlier attempts are not counted: column replaced_by names the later ones").format(
                count=done.replaced
            )
        )
    if unfinished := sum(count for state, count in done.states.items() if state not in ENDS):
        output.note(_("{count} have not ended yet: export again when they have").format(count=unfinished))
    if batch and (rejected := selection.rejected_of(store, batch)):
        output.note(
            _(
                "{count} jobs of the batch were rejected and are no messages: `pec list --rejected` says why"
            ).format(count=rejected)
        )


def _places(done: _Done, file: Path | None, proof: Path | None) -> Iterator[str]:
    if file:
        yield _("written to {path}").format(path=file)
    if proof:
        yield _("{count} files in {path}: `sha256sum -c SHA256SUMS` there checks them").format(
            count=done.files, path=proof
        )


def _lacks_texts(case: CaseFile) -> tuple[Kind, ...]:
    return case.lacking


def _lacks_receipts(case: CaseFile) -> tuple[Kind, ...]:
    return case.absent


def _unproved(lacking: list[tuple[str, tuple[Kind, ...]]]) -> str:
    named = [f"{one}: {', '.join(map(str, kinds))}" for one, kinds in lacking[:_MAX_NAMED]]
    more = ["…"] if len(lacking) > _MAX_NAMED else []
    said = _(
        "receipts of {count} messages are incomplete: export again, or look into the mailbox for"
    ).format(count=len(lacking))
    return joined("\n", (said, *named, *more))


def _incomplete(ids: list[str]) -> Failure:
    shown = ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
    return Failure(
        _(
            "content of {count} messages is missing ({ids}): message.json of each names it, "
            "the rest is written"
        ).format(count=len(ids), ids=shown),
        Exit.UNEXPECTED,
    )
