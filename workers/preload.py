"""Modules that the worker processes of one master share, because it imports them before it forks."""

import gc
import importlib
import multiprocessing
import sys

from config.settings import Settings

_ALWAYS = "workers.build"  # and all that it imports
_READS_MAILBOXES = "workers.tasks.archive"  # with the libraries of IMAP and of signatures: 9 MB


def needed(settings: Settings) -> list[str]:
    """Return the modules that each worker process imports at its start."""
    reads_mailboxes = any(account.imap.host for account in settings.accounts.values())
    return [_ALWAYS, *([_READS_MAILBOXES] if reads_mailboxes else [])]


def preload(settings: Settings) -> None:
    """Import what each worker process needs. To be called when prometheus_client may be imported, before any thread.

    `gc.freeze` keeps the collectors of the processes from writing to these pages, and so from copying them.
    """
    if sys.platform == "linux":  # from Python 3.14 on its default is another, which shares nothing
        multiprocessing.set_start_method("fork", force=True)
    if multiprocessing.get_start_method() == "fork":
        import_all(needed(settings))
        gc.freeze()


def import_all(modules: list[str]) -> None:
    for module in modules:
        importlib.import_module(module)
