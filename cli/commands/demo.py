"""`pec demo`: the whole system on this machine, in half a minute."""

import sys

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The table as data.")
@click.option("--no-console", is_flag=True, help="Start no console, and end after the table.")
def demo(as_json: bool, no_console: bool) -> None:
    """Send some PEC through a simulated network on this machine, and watch each to its end.

    Starts a Redis of its own, the sandbox, two worker processes and a webhook receiver, and stops them again.
    Needs no settings and no account; nothing is sent to anyone. Exits 0 only if every message ended as its
    story says, with nothing lost and nothing sent twice.

    In a terminal it also starts the console, says its address, and stays until Ctrl-C.

    \b
    Examples:
      pec demo
      pec demo --no-console
      pec demo --json | jq '.messages[] | {id, state}'
    """
    from cli.demo import run

    is_a_person = sys.stdin.isatty() and sys.stdout.isatty()
    raise SystemExit(run(as_json=as_json, with_console=is_a_person and not (as_json or no_console)))
