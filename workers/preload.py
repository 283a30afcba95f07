"""Modules that the worker processes of one master share, because it imports them before it forks."""

import gc
import importlib
import multiprocessing

SHARED = "workers.build"  # and all that it imports


def preload() -> None:
    """Import what each worker process needs. To be called when prometheus_client may be imported, before any thread.

    `gc.freeze` keeps the collectors of the processes from writing to these pages, and so from copying them.
    """
    if multiprocessing.get_start_method() == "fork":
        importlib.import_module(SHARED)
        gc.freeze()
    else:  # a process of its own forks the workers, from Python 3.14 on
        multiprocessing.set_forkserver_preload([SHARED])
