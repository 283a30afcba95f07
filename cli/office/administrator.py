"""The first user of an office's console."""

import secrets

from cli import output
from cli.office.folder import Folder
from config.settings import Settings
from config.texts import _
from pec.operations.people import users
from pec.operations.people.acts import noted
from pec.operations.session import open_store
from pec.users import Role

NAME = "admin"
_ACTOR = "pec up"  # of the audit stream
_RANDOM_BYTES = 12


def make_administrator(folder: Folder, settings: Settings) -> None:
    """Make the user `admin` if the console has no user. The password is shown once, or written into a file."""
    with open_store(settings) as store:
        if users.list_users(store):
            return
        password = secrets.token_urlsafe(_RANDOM_BYTES)
        if output.for_a_person():
            shown = _("Password of {name}, shown this once: {password}").format(name=NAME, password=password)
        else:  # not into a log
            folder.admin_password.touch(mode=0o600)
            folder.admin_password.write_text(f"{password}\n", encoding="utf-8")
            shown = _("Password of {name}: in {file}. Delete it once you have read it").format(
                name=NAME, file=folder.admin_password
            )
        details = {"role": str(Role.ADMIN), "accounts": []}
        with noted(store, _ACTOR, "user.add", f"user:{NAME}", details):
            users.add_user(store, settings, NAME, Role.ADMIN, (), password)
    output.note(shown)
