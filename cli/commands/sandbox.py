"""`pec sandbox`: the API on this machine."""

import click

from cli.replace_process import replace_process


@click.command(
    add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)
@click.pass_context
def sandbox(ctx: click.Context) -> None:
    """Run the PEC Massiva API on this machine, to try things out.

    \b
    pec sandbox --help
    """
    replace_process("sandbox", ctx.args)
