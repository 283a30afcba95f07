"""Find the messages that an earlier import enqueued, taken by workers or not, and those to send again."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count

from config.texts import _
from pec.attempts import MAX_ID, OVER, SENDABLE_AGAIN, again_ids, mended_ids
from pec.domains import compared
from pec.jobs import JobRejected
from pec.messages import Message
from pec.names import State
from pec.problems import Problem
from pec.store.records import read_all
from pec.store.store import Store
from producers.campaigns.earlier.again import Rule
from producers.campaigns.earlier.used_ids import UsedIds, numbered_of, pages
from producers.campaigns.renderer import RowRenderer
from producers.campaigns.row_store import Entry, RowStatus, RowStore

_TOO_LONG = _("is not sent again, because its id is too long: give it a shorter one")


@dataclass(frozen=True, slots=True)
class Earlier:
    """`over` counts by state the messages that reached no recipient; `again` are sent again, `mended` elsewhere."""

    over: Mapping[State, int]
    again: int = 0
    mended: int = 0


def mark_already_enqueued(store: Store, row_store: RowStore, renderer: RowRenderer, rule: Rule) -> Earlier:
    """Mark the rows of an earlier import: unchanged ones are not enqueued again, changed ones are refused."""
    settling = _Settling(store, row_store, renderer, rule)
    for page in pages(one for one in row_store.entries(RowStatus.READY) if one.number is None):
        settling.own(page)
    for group in pages(row_store.with_made_ids()):
        settling.made(group)
    if renderer.columns.id is not None or renderer.columns.spare_id is not None:
        for page in pages(row_store.entries(RowStatus.READY)):
            settling.of_other_ids(page)
        for group in pages([one] for one in row_store.entries(RowStatus.READY) if one.number is None):
            settling.of_other_made_ids(group)
    settling.again()
    return settling.outcome


class _Settling:
    def __init__(self, store: Store, row_store: RowStore, renderer: RowRenderer, rule: Rule) -> None:
        self._store, self._row_store, self._renderer, self._rule = store, row_store, renderer, rule
        self._used = UsedIds(store, str(renderer.stated["batch"]))
        self._over: Counter[State] = Counter()
        self._again = self._mended = 0

    @property
    def outcome(self) -> Earlier:
        over = {state: self._over[state] for state in SENDABLE_AGAIN if self._over[state]}
        return Earlier(over, self._again, self._mended)

    def own(self, page: Sequence[Entry]) -> None:
        """Mark the rows that have ids of their own."""
        ids = {entry.line: self._attempts(str(entry.id)) for entry in page}
        digests = self._used.digests(one for some in ids.values() for one in some)
        changed = []
        for entry in page:
            if entry.id in digests:
                if _says(self._digest(entry), ids[entry.line], digests):
                    self._row_store.settle(entry.line, RowStatus.ALREADY_ENQUEUED)
                else:
                    changed.append(entry)
        self._settle_changed(changed)

    def made(self, group: Sequence[Sequence[Entry]]) -> None:
        """Mark the rows whose ids were made, by recipient."""
        changed: list[Entry] = []
        for rows, taken, digests in self._numbers(group):
            changed += self._settle_made(rows, taken, digests)
        self._settle_changed(changed)

    def of_other_ids(self, page: Sequence[Entry]) -> None:
        """Mark the rows that an earlier import enqueued under their own key, which this one uses in another way."""
        others = {entry.line: self._renderer.other_ids(entry.values) for entry in page}
        ids = {job_id: self._attempts(job_id) for some in others.values() for job_id in some}
        digests = self._used.digests(chain.from_iterable(ids.values()))
        for entry in page:
            taken = [job_id for job_id in others[entry.line] if job_id in digests]
            digest = self._digest(entry) if taken else None
            for job_id in taken:
                if digest and _says(digest, ids[job_id], digests):
                    self._row_store.settle(entry.line, RowStatus.ALREADY_ENQUEUED)
                    self._row_store.renumber(entry.line, job_id, entry.number)

    def of_other_made_ids(self, group: Sequence[Sequence[Entry]]) -> None:
        """Mark the rows with a key that an earlier import enqueued without it."""
        for rows, taken, digests in self._numbers(group):
            if (number := self._same(rows[0], taken, digests)) is not None:
                self._row_store.settle(rows[0].line, RowStatus.ALREADY_ENQUEUED)
                self._row_store.renumber(rows[0].line, numbered_of(rows, number), None)

    def again(self) -> None:
        """Send a message again if it reached no recipient and a person asked for it, else count it."""
        for page in pages(self._row_store.entries(RowStatus.ALREADY_ENQUEUED)):
            last = {entry.line: self._attempts(str(entry.id))[-1] for entry in page}
            over = self._ended(last.values())
            going = []
            for entry in page:
                state = over.get(last[entry.line])
                if state in self._rule.states:
                    going.append((entry, self._next_id(entry, again_ids)))
                elif state is not None:
                    self._over[state] += 1
            self._again += len(self._send(going))

    # Rows of one recipient

    def _numbers(
        self, group: Sequence[Sequence[Entry]]
    ) -> Iterator[tuple[Sequence[Entry], dict[int, str], dict[str, str]]]:
        """Return for each recipient of an earlier import its rows, the numbers used, and digests by id."""
        used = self._used.numbers(group)
        further = self._used.digests(
            one
            for rows, taken in zip(group, used, strict=True)
            for number in taken
            for one in self._used.further(numbered_of(rows, number))
        )
        for rows, taken in zip(group, used, strict=True):
            if taken:
                digests = {numbered_of(rows, number): digest for number, digest in taken.items()}
                yield rows, taken, digests | further

    def _settle_made(
        self, rows: Sequence[Entry], taken: Mapping[int, str], digests: Mapping[str, str]
    ) -> list[Entry]:
        """Match rows with earlier messages in the order of the file. Return the rows whose earlier message differs."""
        left = set(taken)  # messages that were enqueued, and that no row was found to say
        others = []
        for row in rows:
            number = self._same(row, left, digests) if row.status is RowStatus.READY else None
            if number is None:
                others.append(row)
            else:
                left.remove(number)
                self._row_store.settle(row.line, RowStatus.ALREADY_ENQUEUED)
                self._row_store.renumber(row.line, numbered_of(rows, number), number)
        for row in others:
            if row.number not in left and row.number in taken:  # the number of another row: this one is new
                self._renumber(row, taken)
        return [row for row in others if row.number in left and row.status is RowStatus.READY]

    def _same(self, row: Entry, left: Iterable[int], digests: Mapping[str, str]) -> int | None:
        """Return the number under which the row's message was enqueued."""
        digest = self._digest(row)
        for number in sorted(left, key=lambda number: (number != row.number, number)):
            if _says(digest, self._attempts(numbered_of([row], number)), digests):
                return number
        return None

    def _renumber(self, row: Entry, taken: Mapping[int, str]) -> None:
        free = (number for number in count(1) if number not in taken)
        ids = ((number, numbered_of([row], number)) for number in free)
        number, job_id = next(one for one in ids if not self._row_store.with_id(one[1]))
        self._row_store.renumber(row.line, job_id, number)

    # Rows that say something else than was enqueued under their ids

    def _settle_changed(self, entries: Sequence[Entry]) -> None:
        last = {entry.line: self._attempts(str(entry.id))[-1] for entry in entries}
        messages = {
            one.id: one for one in read_all(self._store, last.values(), on_unsupported=lambda met: None)
        }
        again, mended = [], []
        for entry in entries:
            message = messages.get(last[entry.line])
            state = self._rule.over(message) if message else None
            if message and self._was_for_another(entry, message):
                if state:
                    mended.append((entry, self._next_id(entry, self._mended_ids(entry))))
                else:
                    self._refuse(entry, _of_another_address(message))
            elif state in self._rule.states:
                again.append((entry, self._next_id(entry, again_ids)))
            else:
                self._refuse(entry, self._of_other_content(state))
        self._again += self._send_or_refuse(again)
        self._mended += self._send_or_refuse(mended)

    def _was_for_another(self, entry: Entry, message: Message) -> bool:
        """Return whether an own id was enqueued for another address. A made id contains its recipient."""
        address = compared(entry.values[self._renderer.columns.recipient])
        return entry.number is None and address not in map(compared, message.recipients)

    def _send_or_refuse(self, going: Sequence[tuple[Entry, str | None]]) -> int:
        sent = self._send(going)
        for entry, _id in going:
            if entry.line not in sent:
                self._refuse(entry, self._of_other_content(None))
        return len(sent)

    def _refuse(self, entry: Entry, reason: str) -> None:
        self._row_store.refuse(entry.line, Problem(self._renderer.id_name, reason))

    def _of_other_content(self, state: State | None) -> str:
        if self._renderer.columns.id is None:
            remedy = _("a new campaign needs another --batch")
        else:
            remedy = _("a new campaign needs another --batch, a new message a new id")
        if state and state is not State.UNCERTIFIED:
            return _(
                "was enqueued before with other content, and is {state}: "
                "send the new content with --again {name}; {remedy}"
            ).format(state=state, name=str(state), remedy=remedy)
        return _("was enqueued before with other content, and nothing is sent twice: {remedy}").format(
            remedy=remedy
        )

    # Further attempts

    def _attempts(self, job_id: str) -> list[str]:
        """Return the ids under which a message was enqueued, oldest first, without ids that another row names."""
        further = (one for one in self._used.further(job_id) if not self._row_store.with_id(one))
        return [job_id, *further]

    def _next_id(self, entry: Entry, ids: "NextIds") -> str | None:
        """Return the next free id, or None if there is no room for one."""
        used = self._used.further(str(entry.id))
        free = next(one for one in ids(str(entry.id), used) if not self._row_store.with_id(one))
        return free if len(free) <= MAX_ID else None

    def _mended_ids(self, entry: Entry) -> "NextIds":
        address = entry.values[self._renderer.columns.recipient]
        return lambda job_id, used: mended_ids(job_id, address, used)

    def _send(self, going: Sequence[tuple[Entry, str | None]]) -> set[int]:
        """Make rows ready under these ids, except ids that are used already. Return their lines."""
        used = self._used.digests(job_id for _, job_id in going if job_id)
        sent = set()
        for entry, job_id in going:
            if job_id is None:
                self._row_store.warn(entry.line, Problem(self._renderer.id_name, _TOO_LONG))
            elif job_id not in used:
                self._row_store.send_as(entry.line, job_id)
                sent.add(entry.line)
        return sent

    def _ended(self, ids: Iterable[str]) -> dict[str, State]:
        """Return the messages that reached no recipient, with the states in which they ended."""
        asked = list(dict.fromkeys(ids))
        with self._store.client.pipeline(transaction=False) as pipeline:
            for one in OVER:
                pipeline.zmscore(self._store.keys.state(one), asked)
            replies = pipeline.execute()
        by_message = zip(asked, zip(*replies, strict=True), strict=True)
        ended = [one for one, scores in by_message if any(score is not None for score in scores)]
        messages = read_all(self._store, ended, on_unsupported=lambda met: None)
        return {one.id: state for one in messages if (state := self._rule.over(one)) is not None}

    def _digest(self, entry: Entry) -> Callable[[str], str | None]:
        try:
            return self._renderer.taken_digests(entry.values)
        except (OSError, JobRejected):  # a file that is gone by now
            return lambda job_id: None


NextIds = Callable[[str, Sequence[str]], Iterator[str]]


def _says(digest: Callable[[str], str | None], ids: Iterable[str], digests: Mapping[str, str]) -> bool:
    """Return whether a row's message was enqueued under one of these ids."""
    return any(one in digests and digest(one) == digests[one] for one in ids)


def _of_another_address(message: Message) -> str:
    """Return why a row with a corrected address is not sent yet."""
    remedy = _("a new message needs a new id") if message.ended else _("import again once it has ended")
    return _("was enqueued before to {address}, and is {state}: {remedy}").format(
        address=", ".join(message.recipients), state=message.state, remedy=remedy
    )
