"""How much room the receipts of a PEC may take in the sender's mailbox: pure functions of sizes and of its record."""

from collections.abc import Iterable

from pec.content import encoded_size
from pec.messages import Message
from pec.names import ENDS, State

# Measured on signed receipts: ACCETTAZIONE 6.5 kB, CONSEGNA without content 7.4 kB. Two notices may come as well.
FRAME_BYTES = 32_768
BODY_GROWTH = 3  # text that is not ASCII, written as quoted-printable
ATTACHMENTS_GROWTH = 1.05  # of their base64: line ends take 2.6 %
ATTACHMENT_FRAME_BYTES = 512
_ON_THE_WAY = (State.SENDING, State.UNCERTAIN, State.HELD, State.SENT, State.ACCEPTED, State.DELAYED)


def room_of(body_bytes: int, attachments_bytes: Iterable[int]) -> int:
    """Return the bytes that the receipts about one recipient may take: CONSEGNA carries the whole message back."""
    sizes = list(attachments_bytes)
    attached = round(encoded_size(0, sizes) * ATTACHMENTS_GROWTH) + len(sizes) * ATTACHMENT_FRAME_BYTES
    return FRAME_BYTES + body_bytes * BODY_GROWTH + attached


def recipients_awaited(message: Message | None) -> int:
    """Return how many recipients may still bring a CONSEGNA; 0 before the send and after the end.

    A PEC that was sent elsewhere counts none: it took its room before it was known here. Nor does one that is held
    without an attempt of its own.
    """
    if message is None or message.body is None or message.state not in _ON_THE_WAY:
        return 0
    if message.state is State.HELD and message.claimed_at is None:
        return 0
    if message.outcomes:
        return sum(State(outcome) not in ENDS for outcome in message.outcomes.values())
    return len(message.recipients)
