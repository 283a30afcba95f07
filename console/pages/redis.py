"""The Redis server: whether what it acknowledged can be lost, and what to do about that."""

from fastapi import APIRouter, Response

from console.visit import WholeReader
from pec.operations.doctor.run import server_checks
from pec.operations.status.findings import Mark

router = APIRouter()

_ORDER = (Mark.FAIL, Mark.WARN, Mark.NOTE, Mark.OK)


@router.get("/redis")
def show(visit: WholeReader) -> Response:
    """Show doctor's findings about the server, worst first."""
    found = sorted(server_checks(visit.settings, visit.store), key=lambda one: _ORDER.index(one.mark))
    return visit.page("redis.html", findings=found)
