"""Which receipts may leave a mailbox: those of ended messages whose proof is kept elsewhere, as the settings allow."""

from config.settings import Settings
from pec.changes import Change
from pec.messages import Message
from pec.names import Proof
from pec.store import purging
from pec.store.purging import Command, PurgeRule
from workers.context import WorkerContext


def purge_commands(ctx: WorkerContext, change: Change) -> list[Command]:
    """Return the commands that note that a message's receipts may leave its mailbox, once its proof is complete."""
    return purge_again(ctx, change.after) if _newly(change) else []


def purge_again(ctx: WorkerContext, message: Message) -> list[Command]:
    """Return the same for a message one of whose receipts was found at another place, or once more."""
    rules = ctx.settings.mailbox
    if not may_purge(ctx, message):
        return []
    return purging.enter(ctx.store, message, rules.purge_grace_seconds, schedule=rules.purge != "off")


def may_purge(ctx: WorkerContext, message: Message) -> bool:
    """Return whether the proof of a message is kept well enough for its receipts to leave the mailbox."""
    if not message.ended:
        return False
    if message.proof == Proof.ORIGINALS:
        return True
    account = ctx.settings.accounts.get(message.account)
    by_texts = ctx.settings.mailbox.purge == "texts" and account is not None and not account.imap.host
    return by_texts and message.proof == Proof.TEXTS


def rules_of(settings: Settings) -> list[PurgeRule]:
    """Return by which rules workers with these settings delete receipts."""
    chosen, grace = settings.mailbox.purge, settings.mailbox.purge_grace_seconds
    proofs = {
        name: Proof.ORIGINALS if account.imap.host else Proof.TEXTS
        for name, account in settings.accounts.items()
    }
    return [
        PurgeRule(name, proof, grace)
        for name, proof in proofs.items()
        if chosen == "texts" or (chosen == "archived" and proof is Proof.ORIGINALS)
    ]


def _newly(change: Change) -> bool:
    before = change.before
    return bool(change.receipts) or before is None or before.proof != change.after.proof
