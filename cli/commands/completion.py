"""`pec completion`, and the names that Tab offers: from the settings alone, so that no server is waited for."""

from copy import copy

import click
from click.shell_completion import CompletionItem, get_completion_class

ASKED_BY = "_PEC_COMPLETE"  # the variable by which the shell's script asks, as click names it
SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script by which your shell completes commands, options and names.

    Put it where your shell reads it, and open a new shell. The accounts and endpoints offered are those of the
    settings in force there.

    \b
    pec completion bash >> ~/.bashrc
    pec completion zsh >> ~/.zshrc
    pec completion fish > ~/.config/fish/completions/pec.fish
    """
    made = get_completion_class(shell)
    assert made is not None  # noqa: S101 - click has these three
    click.echo(made(ctx.find_root().command, {}, "pec", ASKED_BY).source())


def completable(command: click.Command) -> click.Command:
    """A copy that offers the accounts and endpoints of the settings, whichever command takes one."""
    copied = copy(command)
    copied.params = [_offering(param) for param in command.params]
    return copied


def _offering(param: click.Parameter) -> click.Parameter:
    offered = {"account": _accounts, "endpoint": _endpoints, "webhook": _endpoints}.get(param.name or "")
    if offered is None:
        return param
    copied = copy(param)
    copied.shell_complete = (  # type: ignore[method-assign]  # else each option would have to say it
        lambda ctx, incomplete: [CompletionItem(name) for name in offered() if name.startswith(incomplete)]
    )
    return copied


# Settings are read when Tab asks: importing them would slow down every command.


def _accounts() -> list[str]:
    from config.settings import load_settings

    return list(load_settings().accounts)


def _endpoints() -> list[str]:
    from config.settings import load_settings

    return [endpoint.name for endpoint in load_settings().webhooks.endpoints]
