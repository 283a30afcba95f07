"""A browser without scripts, and a console in a thread of this process."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape

import requests
import uvicorn

from console.app import build_app
from pec.operations.session import Session

ACCOUNT = {"sender": "me@pec.example", "username": "me", "password": "secret"}
PASSWORD = "correct horse battery"
Files = list[tuple[str, tuple[str, bytes]]]


@dataclass
class Browser:
    """Keeps cookies, and sends a page's token with each form."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **kwargs: object) -> requests.Response:
        return self.session.get(self.url + path, timeout=20, allow_redirects=False, **kwargs)  # type: ignore[arg-type]

    def post(
        self, path: str, *, page: str = "/me", csrf: str | None = None, **fields: str | list[str]
    ) -> requests.Response:
        token = self.csrf(page) if csrf is None else csrf
        return self.session.post(
            self.url + path, data={"csrf": token, **fields}, timeout=20, allow_redirects=False
        )

    def upload(self, path: str, files: Files, page: str = "/me", **fields: str) -> requests.Response:
        """Send a form with files, each a pair of its field and of name and content."""
        return self.session.post(
            self.url + path,
            data={"csrf": self.csrf(page), **fields},
            files=files,
            timeout=30,
            allow_redirects=False,
        )

    def csrf(self, page: str) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(page).text)
        assert found, f"no form on {page}"
        return found[1]

    def log_in(self, name: str, password: str = PASSWORD) -> requests.Response:
        return self.post("/login", page="/login", name=name, password=password)

    def notice(self, path: str = "/") -> str:
        """Return what the next page says at its top."""
        found = re.search(r'<p class="notice[^"]*" role="status">(.*?)</p>', self.get(path).text, re.DOTALL)
        return unescape(found[1]) if found else ""


Serve = Callable[..., str]


@contextmanager
def serving(session: Session) -> Iterator[str]:
    """Serve a console in a thread of this process."""
    app = build_app(session)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, lifespan="off", log_config=None, ws="none", proxy_headers=False)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
        app.state.campaigns.stop()
