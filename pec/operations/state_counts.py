"""How states are named to people, and counted."""

from config.texts import Text, _
from pec.names import State

NAMES = {
    State.QUEUED: _("queued"),
    State.SENDING: _("sending"),
    State.UNCERTAIN: _("uncertain"),
    State.HELD: _("held"),
    State.SENT: _("sent"),
    State.ACCEPTED: _("accepted"),
    State.DELAYED: _("delayed"),
    State.DELIVERED: _("delivered"),
    State.UNDELIVERED: _("undelivered"),
    State.REFUSED: _("refused"),
    State.UNCERTIFIED: _("uncertified"),
    State.EXPIRED: _("expired"),
    State.FAILED: _("failed"),
    State.CANCELLED: _("cancelled"),
}
_COUNTED = {
    State.QUEUED: _("{count} queued"),
    State.SENDING: _("{count} sending"),
    State.UNCERTAIN: _("{count} uncertain"),
    State.HELD: _("{count} held"),
    State.SENT: _("{count} sent"),
    State.ACCEPTED: _("{count} accepted"),
    State.DELAYED: _("{count} delayed"),
    State.DELIVERED: _("{count} delivered"),
    State.UNDELIVERED: _("{count} undelivered"),
    State.REFUSED: _("{count} refused"),
    State.UNCERTIFIED: _("{count} uncertified"),
    State.EXPIRED: _("{count} expired"),
    State.FAILED: _("{count} failed"),
    State.CANCELLED: _("{count} cancelled"),
}


def count_of(state: State, count: int) -> Text:
    """Return `3 delivered` as a text."""
    return _COUNTED[state].format(count=count)
