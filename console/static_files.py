"""Style sheet, scripts and pictures. Their addresses hold the digest of their bytes, so that browsers keep them."""

import hashlib
from functools import cache
from mimetypes import guess_type
from pathlib import Path

from fastapi import APIRouter, HTTPException, Response

STATIC = Path(__file__).parent / "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_SUFFIXES = {".css", ".js", ".svg"}

router = APIRouter()


@cache
def _files() -> dict[str, bytes]:
    return {
        path.relative_to(STATIC).as_posix(): path.read_bytes()
        for path in STATIC.rglob("*")
        if path.suffix in _SUFFIXES
    }


@cache
def static_url(name: str) -> str:
    """Return the address of a file. Raise KeyError if there is none."""
    return f"/static/{hashlib.sha256(_files()[name]).hexdigest()[:12]}/{name}"


@router.get("/static/{digest}/{name:path}")
def static_file(digest: str, name: str) -> Response:
    """Serve a file by the address that `static_url` made."""
    content = _files().get(name)
    if content is None:
        raise HTTPException(404)
    kind = guess_type(name)[0] or "application/octet-stream"
    return Response(content, media_type=kind, headers={"Cache-Control": _FOR_EVER})
