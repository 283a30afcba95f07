"""The demo's console: its user, and the time that a person stays."""

import os
import secrets
import sys
import webbrowser
from threading import Event

from cli import output
from cli.demo.stack import Stack
from config.settings import Settings
from config.texts import _
from pec.operations.people.users import add_user
from pec.users import Role
from producers.producer import Producer

USER = "demo"


def open_console(producer: Producer, where: Stack) -> str:
    """Make a user, say where the console is, and open it in a browser if this machine has one."""
    password = secrets.token_urlsafe(9)
    add_user(producer.store, Settings.model_construct(), USER, Role.ADMIN, (), password)
    shown = _("Console: {url} (user {user}, password {password})").format(
        url=where.console_url, user=USER, password=password
    )
    output.note(shown)
    if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(where.console_url)  # elsewhere it would open a browser of text in this terminal
    return shown


def stay(console: str) -> None:
    """Return when the person presses Ctrl-C."""
    try:
        output.note(console)
        output.note(_("The demo stays open until Ctrl-C. `pec demo --no-console` ends after the table."))
        Event().wait()
    except KeyboardInterrupt:
        output.note("")
