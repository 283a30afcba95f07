"""A selected folder as the client knows it. Nothing is copied as long as no mail comes or goes: it may hold 100,000."""

from bisect import bisect_left
from collections.abc import Iterable, Set

from pymap.flags import FlagOp, PermanentFlags, SessionFlags
from pymap.parsing.command import Command
from pymap.parsing.response import UntaggedResponse
from pymap.parsing.response.specials import ExistsResponse, ExpungeResponse
from pymap.parsing.specials import ObjectId, SequenceSet
from pymap.parsing.specials.flag import Flag, get_system_flags
from pymap.selected import SelectedMailbox, SynchronizedMessages

from sandbox.folders import Folder


class KnownMessages(SynchronizedMessages):
    """The numbers of the mails that the client knows, in order."""

    def __init__(self, uids: list[int]) -> None:
        super().__init__()
        self._sorted = uids

    @property
    def exists(self) -> int:
        return len(self._sorted)

    def get_uids(self, seq_set: SequenceSet) -> list[tuple[int, int]]:
        """Return position and number of the known mails among these."""
        known = self._sorted
        if not seq_set.uid:
            return [(one, known[one - 1]) for one in sorted(seq_set.flatten(len(known)))]
        wanted = seq_set.flatten(self.max_uid)
        if len(wanted) > len(known):
            return [(position, uid) for position, uid in enumerate(known, 1) if uid in wanted]
        places = ((bisect_left(known, uid), uid) for uid in sorted(wanted))
        return [(place + 1, uid) for place, uid in places if place < len(known) and known[place] == uid]


class SelectedFolder(SelectedMailbox):
    """`update` takes note of what changed; `fork` reports it to the client."""

    def __init__(self, folder: Folder, readonly: bool) -> None:
        super().__init__(
            ObjectId(b"F" + folder.name.encode().hex().encode()),
            readonly,
            PermanentFlags(get_system_flags()),
            SessionFlags([]),
            lookup=folder.name,
            _messages=KnownMessages(folder.uids()),
        )
        self.name = folder.name
        self.uid_validity = folder.uid_validity
        self._version = folder.version
        self._reported = self.messages

    def update(self, folder: Folder) -> bool:
        """Return whether mails came or went since the last report. Positions stay while a command uses them."""
        if folder.version != self._version and not self.hide_expunged:
            self._version = folder.version
            self._messages = KnownMessages(folder.uids())
        return self._messages is not self._reported

    def silence(self, seq_set: SequenceSet, flag_set: Set[Flag], flag_op: FlagOp) -> None:
        """Do nothing: flags that others set are never reported unasked."""

    def fork(self, command: Command) -> tuple[SelectedMailbox, Iterable[UntaggedResponse]]:
        before, after = self._reported, self._messages
        self._reported = after
        self.hide_expunged = False
        return self, [] if before is after else _report(before._sorted, after._sorted)


def _report(before: list[int], after: list[int]) -> list[UntaggedResponse]:
    left = set(after)
    gone = [position for position, uid in enumerate(before, 1) if uid not in left]
    report: list[UntaggedResponse] = [ExpungeResponse(position) for position in reversed(gone)]
    if len(after) != len(before) - len(gone):
        report.append(ExistsResponse(len(after)))
    return report
