"""Worker processes, and the queues that they serve."""

from fastapi import APIRouter, Response

from console.visit import WholeReader
from pec.operations.status.overview_warnings import recommendations

router = APIRouter()


@router.get("/workers")
def show(visit: WholeReader) -> Response:
    """Show live workers, and what is due in each queue."""
    found = visit.overview()
    return visit.page("workers.html", found=found, advice=recommendations(found))
