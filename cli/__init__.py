"""The command `pec`: which commands there are, and what their errors say and exit with."""

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module

import click

from cli.commands.completion import ASKED_BY
from cli.errors import Exit, show_failure, worded
from cli.help import in_language
from cli.language import let_click_speak
from config.texts import _

# Each is imported when it is used, because a command must start quickly. In the order of --help.
COMMANDS = {
    "demo": "cli.commands.demo:demo",
    "up": "cli.commands.up:up",
    "send": "cli.commands.send:send",
    "import": "cli.commands.import_file:import_file",
    "poll": "cli.commands.poll:poll",
    "cancel": "cli.commands.cancel:cancel",
    "watch": "cli.commands.watch:watch",
    "status": "cli.commands.status:status",
    "list": "cli.commands.list:list_",
    "receipts": "cli.commands.receipts:receipts",
    "inbox": "cli.commands.inbox:inbox",
    "export": "cli.commands.export:export",
    "report": "cli.commands.report:report",
    "proof": "cli.commands.proof:proof",
    "verify": "cli.commands.verify:verify",
    "pause": "cli.commands.pause:pause",
    "resume": "cli.commands.resume:resume",
    "resend": "cli.commands.resend:resend",
    "discard": "cli.commands.discard:discard",
    "deliveries": "cli.commands.deliveries:deliveries",
    "test-event": "cli.commands.test_event:test_event",
    "dead": "cli.commands.dead:dead",
    "replay": "cli.commands.replay:replay",
    "worker": "cli.commands.worker:worker",
    "gateway": "cli.commands.gateway:gateway",
    "token": "cli.commands.token:token",
    "console": "cli.commands.console:console",
    "user": "cli.commands.user:user",
    "sandbox": "cli.commands.sandbox:sandbox",
    "doctor": "cli.commands.doctor:doctor",
    "health": "cli.commands.health:health",
    "config": "cli.commands.config:config",
    "completion": "cli.commands.completion:completion",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        if cmd_name not in COMMANDS:
            near = get_close_matches(cmd_name, COMMANDS, n=1)
            hint = _("did you mean {name}?").format(name=near[0]) if near else _("`pec --help` lists them")
            ctx.fail(_("there is no command {command}: {hint}").format(command=cmd_name, hint=hint))
        module, attribute = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return in_language(command)


@click.group(cls=_Commands, invoke_without_command=True, context_settings={"max_content_width": 110})
@click.version_option(
    package_name="pecmassiva", message="%(prog)s %(version)s", help="Show the version and exit."
)
@click.pass_context
def pec(ctx: click.Context) -> None:
    """Certified mail (PEC), sent in bulk: nothing is lost, nothing is sent twice.

    Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 unexpected, 2 usage or settings,
    3 input rejected, 4 Redis or the API unreachable, 5 credentials, 6 finished with some undelivered or not verified,
    124 timed out, 130 interrupted.
    """
    if ctx.invoked_subcommand is None:
        from cli.next_step import print_next_step

        print_next_step()


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    let_click_speak()
    try:
        return int(in_language(pec).main(arguments, prog_name="pec", standalone_mode=False) or 0)
    except Exception as error:  # a fault without a message is a bug, and is raised again with its traceback
        if ASKED_BY in os.environ:
            return Exit.UNEXPECTED  # while a command is being typed, nothing is printed into it
        failure = worded(error)
        if failure is None:
            raise
        show_failure(failure)
        return failure.exit_code


def main() -> None:
    """Run the command line of this process, and exit with its code."""
    sys.exit(run())
