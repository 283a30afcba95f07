"""`pec token`: who may use the HTTP gateway."""

from datetime import datetime
from difflib import get_close_matches

import click

from cli import output
from cli.help import in_language
from cli.instant import INSTANT
from cli.operator_name import operator_name
from config.texts import _
from pec.operations.people import tokens
from pec.operations.session import open_session
from pec.tokens import EVERY_ACCOUNT, SCOPES


class _Token(click.Group):
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        return command and in_language(command)


@click.group(cls=_Token)
def token() -> None:
    """Create, list and revoke the tokens of the HTTP gateway.

    \b
    pec token create --name gestionale --scope POST:send --scope GET:send --account acme
    pec token list
    pec token revoke gestionale
    """


@token.command()
@click.option("--name", required=True, help="Name of the program that uses the token.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="What it may do. Repeatable.",
)
@click.option(
    "--account",
    "accounts",
    multiple=True,
    required=True,
    help="A mailbox that it may use; '*' is every one. Repeatable.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True, max=100_000),
    default=tokens.DEFAULT_RATE,
    show_default=True,
    help="Requests per second.",
)
@click.option("--expires", type=INSTANT, metavar="INSTANT", help="RFC 3339; by default it does not expire.")
@output.as_json
def create(
    name: str,
    scopes: tuple[str, ...],
    accounts: tuple[str, ...],
    rate: float,
    expires: datetime | None,
    as_json: bool,
) -> None:
    """Create a token and print it. It is shown this once: Redis holds only its SHA-256.

    \b
    pec token create --name gestionale --scope POST:send --scope GET:send --account acme
    pec token create --name sito --scope v1:send --scope v1:read --account acme --expires 2027-11-23T00:00:00+01:00
    """
    with open_session() as session:
        chosen = [one if one == EVERY_ACCOUNT else one.lower() for one in accounts]
        made = tokens.create_token(
            session.store, name, scopes, chosen, rate=rate, expires_at=expires, actor=operator_name()
        )
        configured = set(session.settings.accounts)
    if as_json:
        output.data({**tokens.token_dict(made.token), "token": made.text})
    else:
        click.echo(made.text)
    output.note(_("Token {name} was created. It is not shown again: store it now.").format(name=name))
    for account in sorted(set(chosen) - configured - {EVERY_ACCOUNT}):
        near = get_close_matches(account, configured, n=1)
        output.note(
            _(
                "Account {account} is not configured here{hint}: the gateway must know it. "
                "If the name is wrong, revoke the token with `pec token revoke {name}`, and create it again."
            ).format(
                account=account,
                hint=_(" (did you mean {name}?)").format(name=near[0]) if near else "",
                name=name,
            )
        )


@token.command("list")
@output.as_json
def list_(as_json: bool) -> None:
    """List tokens without their secrets: scopes, accounts, expiry, and when each was last used.

    \b
    pec token list
    pec token list --json
    """
    with open_session() as session:
        found = [tokens.token_dict(one) for one in tokens.list_tokens(session.store)]
    if as_json:
        for one in found:
            output.data(one)
        return
    columns = (_("NAME"), _("SCOPES"), _("ACCOUNTS"), _("RATE"), _("EXPIRES"), _("LAST USE"))
    output.table(
        columns,
        (
            (
                one["name"],
                " ".join(one["scopes"]),
                " ".join(one["accounts"]),
                f"{one['rate']:g}",
                one["expires_at"],
                one["used_at"],
            )
            for one in found
        ),
    )


@token.command()
@click.argument("name")
@output.as_json
def revoke(name: str, as_json: bool) -> None:
    """Revoke a token: its next request is refused.

    \b
    pec token revoke gestionale
    """
    with open_session() as session:
        gone = tokens.revoke_token(session.store, name, operator_name())
    if as_json:
        output.data(tokens.token_dict(gone))
    output.note(_("Token {name} was revoked: its requests are refused from now on.").format(name=name))
