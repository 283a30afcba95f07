"""A worker's composition root for chaos: the product's own, with its store and client wrapped.

A named point is armed by a file: the first thread that reaches it takes the file away and kills its own process.
So chance draws nothing but from the run's seed, and the product has no hooks. It must know nothing of plans.
"""

import os
from multiprocessing.util import Finalize
from typing import Any

import dramatiq

from tests.chaos.worker import calls, commits, custody, network, waits
from tests.chaos.worker.journal import FOLDER, MACHINE, note

network.wrap()
calls.wrap()
commits.wrap()
custody.wrap()
waits.shorten()

from workers.app import broker as broker  # noqa: E402 - built of what was wrapped above


class Trace(dramatiq.Middleware):
    """Notes what a process has in hand."""

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        note(begun=[message.actor_name, str(message.args[0])])

    def after_process_message(
        self, broker: dramatiq.Broker, message: dramatiq.MessageProxy, *args: Any, **options: Any
    ) -> None:
        note(ended=[message.actor_name, str(message.args[0])])

    after_skip_message = after_process_message


# SIGTERM alone ends a process in order, be it at once or once its work is done.
Finalize(None, note, kwargs={"met": "term"}, exitpriority=1)
if commits.TRACED:
    broker.add_middleware(Trace())
(FOLDER / "pids" / f"{MACHINE}.{os.getpid()}").touch()
