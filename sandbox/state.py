"""Everything one sandbox process holds, and how its requests reach it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from pec.api.vendor_words import Shape
from sandbox.access import Credentials, Pace, Tokens
from sandbox.clock import Delays, Instant
from sandbox.faults import Faults
from sandbox.imap_faults import ImapFaults
from sandbox.paging import Paging
from sandbox.pec_network import PecNetwork
from sandbox.providers import Providers

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True)
class Options:
    """The options of `python -m sandbox`. Without `mailboxes` it accepts any credentials.

    `providers` sign originals for the IMAP door; without a door there are none.
    """

    tokens: Tokens
    rate: float
    shape: Shape
    delays: Delays
    mailboxes: tuple[Credentials, ...]
    quota_mb: int
    paging: Paging
    providers: Providers | None = None


class Sandbox:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.network = PecNetwork(options.delays, options.quota_mb * MIB, options.providers)
        self.pace = Pace(options.rate)
        self.faults = Faults()
        self.imap_faults = ImapFaults()
        self.senders: dict[str, str] = {}  # by user name, the address it last sent from
        for known in options.mailboxes:
            self.network.mailbox(known.address)


async def _sandbox(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


async def _arrived(request: Request) -> Instant:
    arrived: Instant = request.state.arrived
    return arrived


Here = Annotated[Sandbox, Depends(_sandbox)]
Arrived = Annotated[Instant, Depends(_arrived)]
