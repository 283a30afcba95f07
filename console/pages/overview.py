"""The overview: what needs a person first, what waits, how fast it goes and how long it takes."""

from fastapi import APIRouter, Response

from console.visit import Reader

router = APIRouter()


@router.get("/")
def show(visit: Reader) -> Response:
    """Show the overview."""
    return visit.page("overview.html", found=visit.overview())
