"""The four parts of an office: their commands, and how each shows that it is ready."""

import os
import sys
from collections.abc import Mapping

from cli.office.folder import Folder
from cli.office.part import Part, Recipe
from cli.replace_process import module_command, module_environment
from config.redis_connection import RedisUnreachable, check, connect
from config.settings import Settings
from pec.names import Queue
from pec.operations.session import open_store
from pec.operations.status.live_workers import served_queues
from sandbox.redis_program import DURABLE, server_program

_LEAST_MEMORY = 256_000_000


def server(folder: Folder) -> Recipe:
    """Return the Redis server, which keeps all state."""
    listens = ["--port", "0", "--unixsocket", str(folder.socket), "--unixsocketperm", "700"]
    memory = ["--maxmemory", str(_half_of_the_memory())]
    readable = ["--aof-use-rdb-preamble", "no"]  # by older servers too, such as compose's
    command = [server_program(), "--dir", str(folder.redis), *listens, *DURABLE, *memory, *readable]

    def answers(part: Part) -> bool:
        with connect(folder.redis_url, timeout_seconds=2.0, retries=0) as client:
            try:
                check(client)
            except RedisUnreachable:  # also while it loads its files
                return False
        return True

    environment = {name: value for name, value in os.environ.items() if not name.startswith("PEC_")}
    return Recipe("redis", command, environment, 60.0, answers)


def workers(settings: Settings) -> Recipe:
    """Return the workers, which finish their sends within 60 s."""

    def serve(part: Part) -> bool:
        with open_store(settings) as store:
            return Queue.SEND in served_queues(store)

    return Recipe("workers", module_command("workers", []), _environment(), 80.0, serve)


def gateway(port: int) -> Recipe:
    """Return the HTTP gateway, for programs on this machine."""
    command = module_command("producers.gateway", ["--port", str(port), "--workers", "1"])
    return Recipe("gateway", command, _environment(), 35.0, _listens)


def console(port: int) -> Recipe:
    """Return the console, for people."""
    return Recipe("console", module_command("console", ["--port", str(port)]), _environment(), 20.0, _listens)


def _listens(part: Part) -> bool:
    return bool(part.log.url)


def _environment() -> Mapping[str, str]:
    return {**module_environment(), "PYTHONUNBUFFERED": "1"}


def _half_of_the_memory() -> int:
    """Return as many bytes as the server may use, and as much again for a rewrite of its file."""
    if sys.platform == "win32":
        return _LEAST_MEMORY
    return max(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2, _LEAST_MEMORY)
