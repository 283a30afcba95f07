"""The menu: which pages there are, and who sees each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config.texts import Text, _
from pec.names import State
from pec.users import Role, User


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the menu. `whole`: it is about all mailboxes. `count`: what waits there for a person."""

    path: str
    name: Text
    role: Role = Role.VIEWER
    whole: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that belong together. The first group needs no heading."""

    heading: Text | None
    entries: tuple[Entry, ...]


_GROUPS = (
    Group(
        None,
        (
            Entry("/", _("Overview")),
            Entry("/campaigns", _("Campaigns"), Role.CLERK),
            Entry("/messages", _("Messages")),
            Entry("/decisions", _("Decisions")),
            Entry("/incoming", _("Incoming mail")),
        ),
    ),
    Group(
        _("Operations"),
        (
            Entry("/mailboxes", _("Mailboxes")),
            Entry("/webhooks", _("Webhooks"), whole=True),
            Entry("/rejected", _("Rejected jobs"), whole=True),
            Entry("/figures", _("Figures"), whole=True),
            Entry("/workers", _("Workers"), whole=True),
            Entry("/redis", _("Redis"), whole=True),
        ),
    ),
    Group(
        _("Administration"),
        (
            Entry("/audit", _("Audit"), whole=True),
            Entry("/users", _("Users"), Role.ADMIN, whole=True),
        ),
    ),
)


def menu(user: User, counts: Mapping[State, int]) -> list[Group]:
    """Return what the person may see, with what waits."""
    groups = [Group(group.heading, tuple(_entries(group, user, counts))) for group in _GROUPS]
    return [group for group in groups if group.entries]


def _entries(group: Group, user: User, counts: Mapping[State, int]) -> Iterator[Entry]:
    for one in group.entries:
        if user.may(one.role) and (user.sees_everything or not one.whole):
            held = counts.get(State.HELD, 0) if one.path == "/decisions" and user.sees_everything else 0
            yield Entry(one.path, one.name, one.role, one.whole, held)
