"""The course of an office's life: prepare the folder, start the parts, watch them, stop them in order."""

import os
import sys
from pathlib import Path

from cli import output
from cli.office import recipes
from cli.office.administrator import make_administrator
from cli.office.folder import Folder
from cli.office.part import Part, Recipe
from cli.office.part_log import PartLog
from cli.office.ports import require_free_ports
from cli.office.settings import office_settings
from cli.office.signals import Signals
from cli.office.supervisor import Supervisor
from config.settings import Settings
from config.texts import _


def run(path: Path, *, console_port: int, gateway_port: int) -> None:
    """Run an office until SIGTERM or Ctrl-C. Raise Failure if it can't start."""
    os.umask(0o077)  # settings, messages and logs are for this user alone
    folder = Folder(path)
    folder.make()
    with folder.lock() as lock:
        require_free_ports(console_port=console_port, gateway_port=gateway_port)
        settings = office_settings(folder, ask=sys.stdin.isatty())
        made = [
            recipes.server(folder),
            recipes.workers(settings),
            recipes.gateway(gateway_port),
            recipes.console(console_port),
        ]
        parts = [_part(recipe, folder, lock.fileno()) for recipe in made]
        with Signals() as signals:
            supervisor = Supervisor(parts, signals)
            try:
                _bring_up(supervisor, parts, folder, settings, signals)
                supervisor.watch()
                output.note(_("Stopping. The workers finish their sends, which takes a minute at most."))
            finally:
                supervisor.stop()
    output.note(_("Stopped in order. `pec up` goes on from here."))


def _part(recipe: Recipe, folder: Folder, lock: int) -> Part:
    return Part(recipe, folder.path, PartLog(folder.logs / f"{recipe.name}.log"), lock)


def _bring_up(
    supervisor: Supervisor, parts: list[Part], folder: Folder, settings: Settings, signals: Signals
) -> None:
    server, *others = parts
    supervisor.bring_up([server])
    if not signals.stopping:
        make_administrator(folder, settings)
        supervisor.bring_up(others)
    if not signals.stopping:
        _show(parts, folder)


def _show(parts: list[Part], folder: Folder) -> None:
    urls = {part.recipe.name: part.log.url for part in parts}
    output.note(_("Console: {url}").format(url=urls["console"]))
    output.note(_("Gateway for programs: {url}").format(url=urls["gateway"]))
    output.note(_("Commands such as `pec doctor` work in the folder {path}").format(path=folder.path))
    output.note(_("Ctrl-C stops everything in order."))
