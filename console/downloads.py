"""Files that a browser saves and never shows: a mail's own content must not run as a page of ours."""

import re
from urllib.parse import quote

from fastapi import Response

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def download(data: bytes, name: str, kind: str) -> Response:
    """Return a file under its name, which a mail or a job may have chosen."""
    plain = _UNSAFE.sub("_", name).strip("._") or "file"
    wanted = quote(name.replace("/", "_").replace("\\", "_")[:100], safe="", errors="replace")
    return Response(
        data,
        media_type=kind,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain[:150]}\"; filename*=UTF-8''{wanted}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
