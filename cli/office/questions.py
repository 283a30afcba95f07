"""The questions of the first start of an office, to a person in a terminal."""

import json
import re
from collections.abc import Callable

import click

from cli.language import translated
from config.settings import ACCOUNT_NAME
from config.texts import _

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def ask_account(*, with_token: bool) -> str:
    """Ask for the mailbox that sends, and return its lines of `pec.toml`."""
    click.echo(translated(_("A new office. It needs one account at PEC Massiva:")), err=True)
    sender = _ask(_("PEC address that sends"), check=_address)
    name = _ask(_("Short name of the account, for jobs and pages"), _short(sender), check=_name)
    values = {
        "sender": sender,
        "username": _ask(_("User name at PEC Massiva"), sender),
        "password": _ask(_("Password at PEC Massiva"), hidden=True),
    }
    if with_token:
        values["token"] = _ask(_("Token of the API"), hidden=True)
    host = _ask(_("IMAP server of the mailbox, for signed receipts (empty: none)"), "")
    if host:
        values["imap.host"] = host
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return f"\n[accounts.{name}]\n" + "\n".join(lines) + "\n"


def _ask(
    text: str, default: str | None = None, *, hidden: bool = False, check: Callable[[str], str] = str
) -> str:
    return str(
        click.prompt(
            translated(text),
            default=default,
            show_default=bool(default),
            hide_input=hidden,
            value_proc=check,
            err=True,
        )
    )


def _short(sender: str) -> str:
    """Return a name from the address: `Acme.Srl@pec.it` → `acme-srl`."""
    return re.sub(r"[^a-z0-9]+", "-", sender.partition("@")[0].lower()).strip("-")[:64] or "pec"


def _address(answer: str) -> str:
    if not _ADDRESS.fullmatch(answer.strip()):
        raise click.UsageError(translated(_("that is no address such as acme@pec.example.it")))
    return answer.strip()


def _name(answer: str) -> str:
    if not ACCOUNT_NAME.fullmatch(answer):
        raise click.UsageError(translated(_("use a-z, 0-9, '_' and '-'")))
    return answer
