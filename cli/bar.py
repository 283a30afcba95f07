"""Progress bars on stderr, for a person's terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from cli.language import translated
from config.texts import _


@contextmanager
def progress_bar(count: int, *, hidden: bool, title: str = _("messages")) -> Iterator[Callable[[], object]]:
    """Yield a function that advances the bar by one. Without a terminal, or if hidden, there is no bar."""
    if hidden or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(translated(title), total=count)
        yield partial(progress.advance, task)


@contextmanager
def share_bar(title: str) -> Iterator[Callable[[float], object]]:
    """Yield a function that takes the share that is done, from 0 to 1. Without a terminal there is no bar."""
    if not sys.stderr.isatty():
        yield lambda share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(translated(title), total=1.0)
        yield lambda share: progress.update(task, completed=share)
