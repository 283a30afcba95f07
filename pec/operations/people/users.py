"""The people who use the console: what an administrator does with them. Each may raise Refused."""

from collections.abc import Collection
from dataclasses import replace
from difflib import get_close_matches

from config.settings import Settings
from config.texts import _
from pec.instants import from_epoch, to_text
from pec.operations.names import require_account
from pec.operations.people.passwords import hashed
from pec.operations.refusals import Refused
from pec.store import logins, users
from pec.store.store import Store, wall_clock
from pec.users import MAX_PASSWORD, MIN_PASSWORD, NAME, Role, User


def add_user(
    store: Store,
    settings: Settings,
    name: str,
    role: Role,
    accounts: Collection[str] = (),
    password: str | None = None,
) -> User:
    """Add a user. Without a password, only a proxy can log the person in."""
    if not NAME.fullmatch(name):
        raise Refused(
            "bad_user_name",
            _("{name} can't be a user's name: use letters, digits and . _ @ + -, 64 at most").format(
                name=repr(name)
            ),
        )
    _require_accounts(store, settings, accounts)
    _require_all_for_admin(role, accounts)
    user = User(
        name=name,
        role=role,
        accounts=tuple(dict.fromkeys(accounts)),
        password=_checked(name, password) if password is not None else "",
        created_at=to_text(from_epoch(wall_clock())),
    )
    if not users.add(store, user):
        raise Refused(
            "user_exists",
            _("there is a user {name} already: `pec user password` or `pec user role` changes it").format(
                name=name
            ),
        )
    return user


def set_password(store: Store, name: str, password: str) -> None:
    """Give a user another password, and end all logins that were made with the former one."""
    user = require_user(store, name)
    users.save(store, replace(user, password=_checked(name, password)))
    logins.end_all(store, name)


def set_role(
    store: Store, settings: Settings, name: str, role: Role, accounts: Collection[str] | None = None
) -> User:
    """Give a user another role, and other accounts unless None. It counts from the next request on."""
    user = require_user(store, name)
    if accounts is not None:
        _require_accounts(store, settings, accounts)
        user = replace(user, accounts=tuple(dict.fromkeys(accounts)))
    _require_all_for_admin(role, user.accounts)
    if not role.covers(Role.ADMIN):
        _require_another_admin(store, user)
    changed = replace(user, role=role)
    users.save(store, changed)
    return changed


def remove_user(store: Store, name: str) -> None:
    """Remove a user, and end all logins."""
    _require_another_admin(store, require_user(store, name))
    users.remove(store, name)
    logins.end_all(store, name)


def list_users(store: Store) -> list[User]:
    """Return every user, by name."""
    return users.all_users(store)


def require_user(store: Store, name: str) -> User:
    """Return the user of this name. Raise Refused if there is none."""
    if user := users.find(store, name):
        return user
    known = [one.name for one in users.all_users(store)]
    near = get_close_matches(name, known, n=1)
    remedy = (
        _("did you mean {name}?").format(name=near[0])
        if near
        else _("known are: {names}").format(names=", ".join(known) or _("none yet"))
    )
    raise Refused("unknown_user", _("there is no user {name}: {remedy}").format(name=name, remedy=remedy))


def _require_another_admin(store: Store, user: User) -> None:
    """Refuse to take the last administrator away who can log in: no person could add users in the console."""
    if user.role is Role.ADMIN and not any(
        one.role is Role.ADMIN and one.sees_everything
        for one in users.all_users(store)
        if one.name != user.name
    ):
        raise Refused(
            "last_admin", _("{name} is the last administrator: add another one first").format(name=user.name)
        )


def _require_all_for_admin(role: Role, accounts: Collection[str]) -> None:
    """Refuse an administrator of some mailboxes: who gives out mailboxes could give himself the others."""
    if role is Role.ADMIN and accounts:
        raise Refused(
            "limited_admin",
            _("an admin sees every mailbox: name no mailbox, or choose the role {role}").format(
                role=Role.OPERATOR
            ),
        )


def _require_accounts(store: Store, settings: Settings, accounts: Collection[str]) -> None:
    for account in accounts:
        require_account(store, settings, account)


def _checked(name: str, password: str) -> str:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Refused(
            "bad_password",
            _("the password must have {least} characters or more: choose a longer one").format(
                least=MIN_PASSWORD
            ),
        )
    if name.casefold() in password.casefold():
        raise Refused("bad_password", _("the password contains the user's name: choose another one"))
    return hashed(password)
