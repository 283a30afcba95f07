"""The providers of the simulated network: who signs what, with certificates of an authority made at the start."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from sandbox.authority import FROM, Authority, Signer, make_authority, make_signer
from sandbox.receipt_signing import signature
from sandbox.receipt_texts import RECEIPTS_SENDER

EXPIRED_IN = datetime(2020, 1, 1, tzinfo=UTC)
USUAL_P7S_BYTES = 2_800  # about that of a real one


@dataclass(frozen=True)
class Providers:
    """The authority that settings name as an anchor, its provider, and a provider of another authority."""

    authority: Authority
    own: Signer
    foreign: Signer
    expired: Signer

    @cached_property
    def p7s_bytes(self) -> int:
        """Return the size of every signature by the own provider."""
        return len(signature(b"", self.own, at=datetime.now(UTC)))


def make_providers() -> Providers:
    """Return providers with new keys: that takes some tenths of a second."""
    authority, other = make_authority(), make_authority()
    return Providers(
        authority,
        own=make_signer(authority, RECEIPTS_SENDER),
        foreign=make_signer(other, RECEIPTS_SENDER),
        expired=make_signer(authority, RECEIPTS_SENDER, valid=(FROM, EXPIRED_IN)),
    )
