"""The rows that are ready become jobs; if that breaks off, say how many did."""

from collections.abc import Collection

from cli import output
from cli.bar import share_bar
from cli.errors import Exit, Failure
from config.redis_connection import RedisUnreachable
from config.texts import _, ngettext
from pec.jobs import JobRejected
from pec.names import State
from pec.operations.session import Session
from producers.campaigns.campaign import Campaign
from producers.campaigns.enqueuing import enqueue
from producers.campaigns.row_store import RowStatus
from producers.producer import Producer

_SAME_AGAIN = _("import the same file again: nothing is sent twice")


def enqueue_ready(session: Session, campaign: Campaign, again: Collection[State]) -> int:
    """Return how many were enqueued. Raise Failure, which says how many are in."""
    done, total = 0, campaign.row_store.count(RowStatus.READY)
    try:
        with share_bar(_("enqueuing")) as on_progress:
            for done in enqueue(Producer.on(session.store), campaign, again, on_progress):  # noqa: B007 - reported below
                pass
    except RedisUnreachable as error:
        said = ngettext(
            "{error}\nat least {count} of {total} is in: once Redis answers, {same_again}",
            "{error}\nat least {count} of {total} are in: once Redis answers, {same_again}",
            done,
        ).format(error=error, count=done, total=total, same_again=_SAME_AGAIN)
        raise Failure(said, Exit.UNREACHABLE) from None
    except (JobRejected, OSError) as error:
        said = ngettext(
            "a file was changed meanwhile ({error})\nat least {count} of {total} is in: mend it and {same_again}",
            "a file was changed meanwhile ({error})\nat least {count} of {total} are in: mend it and {same_again}",
            done,
        ).format(error=error, count=done, total=total, same_again=_SAME_AGAIN)
        raise Failure(said, Exit.REJECTED) from None
    except KeyboardInterrupt:
        output.note(
            ngettext(
                "at least {count} of {total} is in. To go on, {same_again}.",
                "at least {count} of {total} are in. To go on, {same_again}.",
                done,
            ).format(count=done, total=total, same_again=_SAME_AGAIN)
        )
        raise
    return done
