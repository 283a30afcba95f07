"""The public contract as lines of text, from the code: `python -m tests.unit.docs.contract` prints it.

`contract.txt` is the recorded contract. A line that is added is a new field, setting or option; a line that is gone
breaks programs of others, and needs a new major version.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

import producers
from cli import COMMANDS, pec
from cli.errors import Exit
from config.settings import Endpoint, Settings
from config.sources import variables
from pec.event_schema import DATA
from pec.messages import public_fields
from pec.names import State
from pec.store.keys import Keys
from tests.unit.docs.pages import PAGES, tables
from tools.schemas import schemas
from workers.metrics.definitions import DEFINITIONS

RECORDED = Path(__file__).with_name("contract.txt")


def contract() -> list[str]:
    """Return the lines of the contract, sorted."""
    return sorted(
        {
            *_keys(),
            *_jobs(),
            *_events(),
            *_reasons(),
            *_rejections(),
            *_settings(),
            *_commands(),
            *_metrics(),
            *_names(),
        }
    )


def _keys() -> Iterator[str]:
    keys = Keys("pec")
    named = (keys.jobs, keys.rejected, keys.events, keys.audit, keys.message("ID"), keys.receipts("ID"))
    yield from (f"key {name}" for name in (*named, keys.batch("NAME"), keys.upload("SHA256")))
    yield from (f"field of a message: {name}" for name in public_fields())


def _jobs() -> Iterator[str]:
    schema = json.loads(schemas()["job.schema.json"])
    for name, path in schema["discriminator"]["mapping"].items():
        job = schema["$defs"][path.rpartition("/")[2]]
        yield from (f"job {name}: {field}" for field in job["properties"])
        yield from (f"job {name} requires: {field}" for field in job.get("required", ()))


def _events() -> Iterator[str]:
    for name, data in DATA.items():
        yield from (f"event {name}: {field}" for field in data.model_fields)


def _reasons() -> Iterator[str]:
    for table in tables(PAGES["docs/states.md"].split("## Reasons")[1]):
        for subject, codes in table:
            yield from (f"reason of {subject}: {code}" for code in codes.split("`")[1::2])
    section = PAGES["docs/contract.md"].split("## Codes of rejections")[1]
    for _, codes in tables(section)[0]:
        yield from (f"code of a rejection: {code}" for code in codes.split("`")[1::2])


def _rejections() -> Iterator[str]:
    for group, codes in tables(PAGES["docs/contract.md"].split("## Codes of rejections")[1])[0]:
        yield from (f"rejection for {group}: {code}" for code in codes.split("`")[1::2])


def _settings() -> Iterator[str]:
    for name, field in variables(Settings):
        yield f"setting {name}"
        if field.is_required():
            yield f"setting required: {name}"
    yield from (f"setting of an endpoint: {name.lower()}" for name, _ in variables(Endpoint, ""))


def _commands() -> Iterator[str]:
    with click.Context(pec) as ctx:
        for name in COMMANDS:
            command = pec.get_command(ctx, name)
            assert command is not None
            yield from _command(f"pec {name}", command)
    yield from (f"exit code {code.value} {name}" for name, code in Exit.__members__.items())


def _command(name: str, command: click.Command) -> Iterator[str]:
    yield name
    options = (option for option in command.params if isinstance(option, click.Option))
    yield from (f"{name} {one}" for option in options for one in (*option.opts, *option.secondary_opts))
    if isinstance(command, click.Group):
        for part, below in command.commands.items():
            yield from _command(f"{name} {part}", below)


def _metrics() -> Iterator[str]:
    yield from (f"metric {one.name} {one.type} {', '.join(one.labels)}".rstrip() for one in DEFINITIONS)


def _names() -> Iterator[str]:
    yield from (f"state {state}" for state in State)
    yield from (f"Python: producers.{name}" for name in producers.__all__)


if __name__ == "__main__":
    sys.stdout.write("\n".join(contract()) + "\n")
