"""Taking signed receipts: each is verified, written to the archive, and only then committed with its message."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from archive import mime
from archive.certified import is_trusted, receipt_of, without_original
from archive.signatures import Verification, verify
from archive.vault import EML, VaultAway
from pec.changes import Change
from pec.messages import Message
from pec.receipt_transitions import receipts_observed, watched
from pec.receipts import OTHER_SUBJECT, Mail, Receipt, Unrecognised, code_in, is_about
from pec.store import commits, imap_receipts, inbox, records
from pec.store.commits import Commit, Conflict
from pec.store.records import StoredReceipts
from workers.context import WorkerContext
from workers.mailbox.imap_folder import FoundMail
from workers.mailbox.purge_policy import purge_again, purge_commands
from workers.mailbox.scan_policy import Command, watched_until
from workers.metrics.minutes import count_receipts
from workers.unsupported import skip

ATTEMPTS = 20  # to commit what another worker changes meanwhile
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mail that claims to be a receipt. `receipt` is None if its signature does not say so."""

    mail: FoundMail
    raw: bytes = field(repr=False)
    verification: Verification
    receipt: Receipt | None
    code: str | None


class OriginalsTaker:
    """Takes the receipts of one mailbox during one reading.

    `unclaimed` counts those whose code no message has. `noted` holds the entries of those to look at again.
    What it writes goes to the server's history of writes in which the reading began: else OtherHistory is raised.
    """

    def __init__(self, ctx: WorkerContext, account: str, history: str) -> None:
        self._ctx, self._account, self._history = ctx, account, history
        self.archive_away = False
        self.unclaimed = 0
        self.noted: set[str] = set()

    def take(self, mails: Sequence[tuple[FoundMail, bytes]]) -> list[FoundMail]:
        """Commit the receipts among these mails. Return the mails that are no receipt of any message."""
        candidates = [one for mail, raw in mails if (one := self._verified(mail, raw))]
        codes = list({one.code for one in candidates if one.code})
        owners = records.find_by_code(
            self._ctx.store, self._account, codes, lambda met: skip(self._ctx.store, met)
        )
        by_code: defaultdict[str, list[Candidate]] = defaultdict(list)
        others: list[FoundMail] = []
        for one in candidates:
            if one.code and owners.get(one.code):
                by_code[one.code].append(one)
            elif one.receipt:
                self._look_again([one])
            else:
                others.append(replace(one.mail, read=partial(bytes, one.raw)))
        for code, found in by_code.items():
            owner = owners[code]
            assert owner is not None  # noqa: S101 - chosen so above
            message, _ = owner
            with self._ctx.spans.span(
                "receipts", message.traceparent, message=message.id, account=message.account
            ):
                self._commit(*owner, found)
        return others

    def _verified(self, mail: FoundMail, raw: bytes) -> Candidate | None:
        """Check the signature of a mail. One that can't be read at all is archived and reported, and stops nothing."""
        try:
            verification = verify(raw, self._ctx.profiles)
            receipt = receipt_of(verification)
            code = receipt.code if receipt else _code_outside(raw, verification)
        except Exception:
            sha256 = self._archived(raw)
            log.exception("mail_unreadable", folder=mail.place.folder, uid=mail.place.uid, sha256=sha256)
            return None
        return Candidate(mail, raw, verification, receipt, code)

    def _look_again(self, unowned: Sequence[Candidate]) -> None:
        """Note receipts whose code no message has yet: the answer to its POST may be on its way, or lost."""
        self.unclaimed += len(unowned)
        self._note(unowned, unarchived=False)

    def _note(self, found: Sequence[Candidate], *, unarchived: bool) -> None:
        again = [(one.code or "", one.mail.place) for one in found]
        now = self._ctx.now().timestamp()
        self.noted |= imap_receipts.revisit_later(
            self._ctx.store, self._account, again, now, unarchived=unarchived, history=self._history
        )

    def _commit(self, message: Message | None, stored: StoredReceipts, found: Sequence[Candidate]) -> None:
        """Commit what these mails say of a message, and decide again if the record changed in between."""
        archived = [(one, self._archived(one.raw)) for one in found]
        for _ in range(ATTEMPTS):
            if message is None or message.code is None:
                self._look_again(found)
                return
            receipts, unrecognised = _sorted(message, stored, archived)
            places = self._places(message, archived)
            commands: list[Command] = [*([places] if places else []), *self._quotable(message, found)]
            change = self._change(message, stored, receipts, unrecognised)
            if not (change.receipts or change.superseded or change.reported):
                commands += purge_again(self._ctx, message) if places else []
                if commands:
                    commits.apply(self._ctx.store, Commit(commands=commands, history=self._history))
                return
            commands += purge_commands(self._ctx, change)
            if unproven := sum(one.receipt is None for one in found if change.reported):
                key = self._ctx.store.keys.imap(self._account)
                commands.append(["HINCRBY", key, "unproven", unproven])
            try:
                commits.apply(self._ctx.store, Commit([change], commands=commands, history=self._history))
            except Conflict:
                message, stored = records.read_with_receipts(self._ctx.store, message.id)
                continue
            if change.moved:
                count_receipts(change)
                log.info("state_changed", state=str(change.after.state), code=change.after.code)
            self._report(change, unrecognised)
            return
        raise Conflict(f"{ATTEMPTS} times in a row")

    def _change(
        self,
        message: Message,
        stored: StoredReceipts,
        receipts: Sequence[Receipt],
        unrecognised: Sequence[Unrecognised],
    ) -> Change:
        ctx, now = self._ctx, self._ctx.now()
        change = receipts_observed(
            message, stored.receipts, receipts, unrecognised, now, ctx.settings.receipts, ctx.chance()
        )
        asks = bool(unrecognised or stored.reported or (message.lost_references and not message.duplicate))
        return watched(change, watched_until(ctx, message), now, ask_now=asks)

    def _archived(self, raw: bytes) -> str | None:
        """Return the name of a mail in the archive, or None if the archive is away: then it is looked at again."""
        if self.archive_away or self._ctx.vault is None:
            return None
        try:
            return self._ctx.vault.put(raw, EML)
        except VaultAway as away:
            self.archive_away = True
            log.warning("archive_away", why=str(away))
            return None

    def _places(self, message: Message, archived: Sequence[tuple[Candidate, str | None]]) -> list[str]:
        """Return the command that notes where each receipt lies. Those that were not archived are looked at again."""
        self._note([one for one, sha256 in archived if sha256 is None], unarchived=True)
        pairs = [
            part
            for one, sha256 in archived
            if sha256 and isinstance(_recognised(message, one, has_original=True), Receipt)
            for part in (imap_receipts.place_field(one.mail.place), sha256)
        ]
        return ["HSET", self._ctx.store.keys.places(message.id), *pairs] if pairs else []

    def _quotable(self, message: Message, found: Sequence[Candidate]) -> Sequence[Command]:
        """Return the commands that note the ids of the PEC which its receipts state: a reply quotes one of them."""
        facts = [one.verification.daticert for one in found if one.receipt]
        ids = {named for one in facts if one for named in (one.message_id, one.identificativo) if named}
        days = self._ctx.settings.retention.messages_days
        return inbox.note_sent(self._ctx.store, message.id, self._account, sorted(ids), days)

    def _report(self, change: Change, unrecognised: Sequence[Unrecognised]) -> None:
        for one in unrecognised:
            log.error("receipt_unrecognised", message=change.after.id, why=one.why)


def _sorted(
    message: Message, stored: StoredReceipts, archived: Sequence[tuple[Candidate, str | None]]
) -> tuple[list[Receipt], list[Unrecognised]]:
    receipts: list[Receipt] = []
    unrecognised: list[Unrecognised] = []
    for one, sha256 in archived:
        found = _recognised(message, one, has_original=sha256 is not None)
        if isinstance(found, Receipt):
            receipts.append(found)
        elif found.key not in stored.reported:
            unrecognised.append(found)
    return receipts, unrecognised


def _recognised(message: Message, one: Candidate, *, has_original: bool) -> Receipt | Unrecognised:
    receipt = one.receipt
    if receipt is None:
        return Unrecognised(_mail(one.raw), _WHY.get(str(one.verification.verdict), _SIGNER))
    if not is_about(receipt, message.sent_subject):
        return Unrecognised(_mail(one.raw), OTHER_SUBJECT)
    return receipt if has_original else without_original(receipt, one.verification)


_WHY = {
    "altered": "a receipt on this code whose content or signature was changed: it proves nothing",
    "unsigned": "a receipt on this code without its signature: it proves nothing",
}
_SIGNER = "a receipt on this code that no PEC provider signed: it proves nothing"


def _code_outside(raw: bytes, verification: Verification) -> str | None:
    """Return the code that an untrusted mail names in its subject: its message must be followed by the API."""
    return None if is_trusted(verification) else code_in(_mail(raw))


def _mail(raw: bytes) -> Mail:
    """Return the header fields of a mail, which are not signed."""
    headers = mime.parse(raw).headers
    return Mail(
        sender=mime.decoded(headers.get("From")),
        recipient=mime.decoded(headers.get("To")),
        date=mime.date_of(headers),
        subject=mime.decoded(headers.get("Subject")),
        text=None,
    )
