"""`pec console`: the pages for a browser."""

import click

from cli.replace_process import replace_process


@click.command(
    add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)
@click.pass_context
def console(ctx: click.Context) -> None:
    """Serve the pages of the console. Open them in a browser.

    \b
    pec console
    pec console --help
    """
    replace_process("console", ctx.args)
