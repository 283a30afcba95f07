"""Adopting a send that the mailbox shows: its receipts name the code under which their texts can be read."""

from collections.abc import Callable, Sequence

from pec.changes import Change
from pec.receipts import Receipt, read_all
from workers.context import WorkerContext
from workers.mailbox.calls import mails_of

Adopt = Callable[[str, Sequence[Receipt]], Change]  # of a code and its receipts


def adoption(ctx: WorkerContext, receipts: Sequence[Receipt], adopt: Adopt) -> Change:
    """Return the change by which `adopt` takes over the code of these receipts, with their texts.

    Raise NotServed and MailboxUnavailable.
    """
    code = receipts[0].code
    found = adopt(code, receipts).after
    with_texts, _ = read_all(mails_of(ctx, found.account, code), code, found.sent_subject)
    return adopt(code, [*receipts, *with_texts])
