"""How states are named to people, and counted."""

from config.texts import Text, _, ngettext
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
    State.QUEUED: ngettext("{count} queued", "{count} queued", 0),
    State.SENDING: ngettext("{count} sending", "{count} sending", 0),
    State.UNCERTAIN: ngettext("{count} uncertain", "{count} uncertain", 0),
    State.HELD: ngettext("{count} held", "{count} held", 0),
    State.SENT: ngettext("{count} sent", "{count} sent", 0),
    State.ACCEPTED: ngettext("{count} accepted", "{count} accepted", 0),
    State.DELAYED: ngettext("{count} delayed", "{count} delayed", 0),
    State.DELIVERED: ngettext("{count} delivered", "{count} delivered", 0),
    State.UNDELIVERED: ngettext("{count} undelivered", "{count} undelivered", 0),
    State.REFUSED: ngettext("{count} refused", "{count} refused", 0),
    State.UNCERTIFIED: ngettext("{count} uncertified", "{count} uncertified", 0),
    State.EXPIRED: ngettext("{count} expired", "{count} expired", 0),
    State.FAILED: ngettext("{count} failed", "{count} failed", 0),
    State.CANCELLED: ngettext("{count} cancelled", "{count} cancelled", 0),
}


def count_of(state: State, count: int) -> Text:
    """Return `3 delivered` as a text."""
    return _COUNTED[state].counting(count)
