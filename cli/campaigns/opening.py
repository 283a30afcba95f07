"""The settings, the Redis and the file of an import, open while the command runs."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from cli import output
from cli.bar import share_bar
from cli.campaigns.options import usage_errors
from cli.errors import Exit, Failure
from config.redis_connection import RedisUnreachable
from config.settings import Settings, load_settings
from config.texts import _
from pec.operations.session import Session, open_session
from producers.campaigns.campaign import Campaign, ImportRequest, validate_file
from producers.campaigns.errors import Unusable


@contextmanager
def open_if_there(*, needed: bool) -> Iterator[tuple[Settings, Session | None]]:
    """Yield the session, or None if it is not needed and Redis does not answer."""
    with ExitStack() as stack:
        try:
            session = stack.enter_context(open_session())
        except RedisUnreachable as error:
            if needed:
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
def open_campaign(request: ImportRequest, settings: Settings) -> Iterator[Campaign]:
    """Yield the validated campaign. Raise Failure and UsageError."""
    with ExitStack() as stack:
        try:
            with usage_errors(), share_bar(_("reading")) as on_progress:
                campaign = stack.enter_context(validate_file(request, settings.api.max_bytes, on_progress))
        except Unusable as error:
            raise Failure(_("{error}\nNothing was enqueued.").format(error=error), Exit.REJECTED) from None
        yield campaign
