"""Importing rows, for the tests of `pec import`."""

from collections.abc import Callable
from typing import Any

from producers import Producer
from tests.integration.commands import Ran
from tests.integration.producing import jobs_in

Import = Callable[..., Ran]
HEADER = ["Nome", "PEC", "Importo"]
ROWS = [HEADER, ["Nicolò", "n@pec.example.it", "1,50"], ["Zoë & C.", "Z@pec.example.it", "2,00"]]


def sends(producer: Producer) -> list[dict[str, Any]]:
    return [job for job in jobs_in(producer) if job["type"] == "send"]
