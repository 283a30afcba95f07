"""The environment of every contender's process: its own wall clock, and an API whose certificate it trusts."""

import os
import time
from pathlib import Path


def set_clock_apart() -> None:
    """Each process of a site takes the next number, by a file that only one can make."""
    step = float(os.environ.get("BENCH_APART", "0"))
    if not step:
        return
    folder, number = Path(os.environ["BENCH_FOLDER"]), 0
    while True:
        try:
            os.close(os.open(folder / f"clock.{number}", os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            number += 1
    true_time, ahead = time.time, step * number
    time.time = lambda: true_time() + ahead


def trust() -> None:
    """The file holds the usual authorities too, so that reading it costs as much as in production."""
    certificate = os.environ.get("BENCH_CERTIFICATE")
    if certificate:
        import requests.adapters

        requests.adapters.DEFAULT_CA_BUNDLE_PATH = certificate
