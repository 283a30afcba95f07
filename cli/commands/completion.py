"""`pec completion`: the script by which a shell completes commands, options and names."""

import click
from click.shell_completion import get_completion_class

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
