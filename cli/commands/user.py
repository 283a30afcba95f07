"""`pec user`: the people who use the console."""

import sys

import click

from cli import output
from cli.configured_names import ACCOUNT
from config.texts import _
from pec.operations.people import users
from pec.operations.people.acts import noted
from pec.operations.session import open_session
from pec.users import Role, User

_ACTOR = "pec user"  # of the audit stream: who may run the command may do everything
_ROLE = click.Choice([str(role) for role in Role])
_ACCOUNTS = click.option(
    "--account",
    "accounts",
    multiple=True,
    type=ACCOUNT,
    metavar="NAME",
    help="Show only this mailbox to the person. Repeat for several. By default all.",
)


@click.group()
def user() -> None:
    """Manage the people who use the console.

    \b
    pec user add admin --role admin
    pec user list
    """


@user.command()
@click.argument("name", metavar="NAME")
@click.option("--role", type=_ROLE, default=str(Role.VIEWER), show_default=True)
@_ACCOUNTS
@click.option("--no-password", is_flag=True, help="Only a trusted proxy logs the person in.")
def add(name: str, role: str, accounts: tuple[str, ...], no_password: bool) -> None:
    """Add a person. The password is asked for, or read from stdin.

    \b
    pec user add anna --role clerk --account acme
    pec user add admin --role admin < password.txt
    """
    password = None if no_password else _password()
    with (
        open_session() as session,
        noted(session.store, _ACTOR, "user.add", f"user:{name}", {"role": role, "accounts": list(accounts)}),
    ):
        users.add_user(session.store, session.settings, name, Role(role), accounts, password)
    output.note(_("Added user {name}, role {role}.").format(name=name, role=Role(role)))


@user.command()
@click.argument("name", metavar="NAME")
def password(name: str) -> None:
    """Change a password, and end all logins of the person. It is asked for, or read from stdin.

    \b
    pec user password anna
    """
    with open_session() as session:
        users.require_user(session.store, name)
        given = _password()
        with noted(session.store, _ACTOR, "user.password", f"user:{name}"):
            users.set_password(session.store, name, given)
    output.note(_("Changed the password of {name}, and ended all logins.").format(name=name))


@user.command()
@click.argument("name", metavar="NAME")
@click.argument("role", metavar="ROLE", type=_ROLE)
@_ACCOUNTS
@click.option("--all-accounts", is_flag=True, help="Show all mailboxes to the person.")
def role(name: str, role: str, accounts: tuple[str, ...], all_accounts: bool) -> None:
    """Change a role: viewer, clerk, operator or admin. It counts from the next click on.

    \b
    pec user role anna operator
    """
    if accounts and all_accounts:
        raise click.UsageError(_("--account and --all-accounts: keep one"))
    chosen = () if all_accounts else accounts or None
    with (
        open_session() as session,
        noted(
            session.store,
            _ACTOR,
            "user.role",
            f"user:{name}",
            {"role": role, "accounts": None if chosen is None else list(chosen)},
        ),
    ):
        users.set_role(session.store, session.settings, name, Role(role), chosen)
    output.note(_("User {name} has the role {role} now.").format(name=name, role=Role(role)))


@user.command("list")
@output.as_json
def list_(as_json: bool) -> None:
    """List the people who use the console.

    \b
    pec user list
    """
    with open_session() as session:
        found = users.list_users(session.store)
    if as_json:
        for one in found:
            output.data(_as_dict(one))
        return
    output.table(
        (_("NAME"), _("ROLE"), _("ACCOUNTS"), _("PASSWORD")),
        (
            (one.name, one.role, ", ".join(one.accounts) or _("all"), _("yes") if one.password else _("no"))
            for one in found
        ),
    )
    if not found:
        output.note(_("There is no user: `pec user add NAME --role admin` makes the first one."))


@user.command()
@click.argument("name", metavar="NAME")
def remove(name: str) -> None:
    """Remove a person, and end all logins.

    \b
    pec user remove anna
    """
    with open_session() as session, noted(session.store, _ACTOR, "user.remove", f"user:{name}"):
        users.remove_user(session.store, name)
    output.note(_("Removed user {name}.").format(name=name))


def _password() -> str:
    """Return a password: asked for twice at a terminal, else the first line of stdin."""
    if sys.stdin.isatty():
        return str(click.prompt(_("Password"), hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _as_dict(one: User) -> dict[str, object]:
    return {
        "name": one.name,
        "role": str(one.role),
        "accounts": list(one.accounts),
        "has_password": bool(one.password),
        "created_at": one.created_at,
    }
