"""The original of a receipt: the mail that a provider signed, which the archive holds byte for byte."""

from dataclasses import dataclass
from datetime import datetime

VERIFIED, INTACT = "verified", "intact"  # the verdicts that prove something


@dataclass(frozen=True, slots=True)
class Original:
    """`sha256` names its bytes in the archive. `identificativo` is the provider's id of the PEC."""

    sha256: str
    size: int
    verdict: str
    identificativo: str
    signed_at: datetime | None

    @property
    def proves(self) -> bool:
        """Return whether its content is as it was signed."""
        return self.verdict in (VERIFIED, INTACT)
