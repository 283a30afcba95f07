"""S3 servers for tests: moto's in its own process, and two that fail."""

import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

KEYS = {"region": "eu-south-1", "access_key_id": "id", "secret_access_key": "secret"}


@contextmanager
def s3_server() -> Iterator[str]:
    """Run a server and yield its address."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env) as server:
        assert server.stderr
        try:
            for line in server.stderr:
                if found := re.search(rb"http://127\.0\.0\.1:\d+", line):
                    break
            else:
                raise AssertionError("moto's server did not start")
            yield found[0].decode()
        finally:
            server.terminate()
            server.stderr.close()


@contextmanager
def answering(status: int, body: bytes, certificate: Path | None = None) -> Iterator[str]:
    """Answer every request like this, with a certificate over TLS. Yield the address."""

    class Answer(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"1"')  # S3 sends one with each object
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = _answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def make_certificates(folder: Path) -> tuple[Path, Path]:
    """Return the certificate of an authority of our own, and the key and certificate of a server below it."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    def request(name: str, *words: str) -> None:
        openssl(
            "req", "-newkey", "rsa:2048", "-noenc", "-keyout", f"{name}.key", "-subj", f"/CN={name}", *words
        )

    request("ca", "-x509", "-out", "ca.pem")
    request("server", "-out", "server.csr")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    signed = (
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-extfile",
        "names",
        "-out",
        "server.crt",
    )
    openssl("x509", "-req", "-in", "server.csr", *signed)
    pair = folder / "server.pem"
    pair.write_bytes((folder / "server.key").read_bytes() + (folder / "server.crt").read_bytes())
    return folder / "ca.pem", pair


@contextmanager
def reading_slowly(bytes_per_second: int) -> Iterator[str]:
    """Take one object no faster than this. Yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64_000)
        thread = threading.Thread(target=_read_slowly, args=[listener, bytes_per_second])
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def _read_slowly(listener: socket.socket, bytes_per_second: int) -> None:
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as request:
        headers = dict(line.lower().strip().partition(b":")[::2] for line in iter(request.readline, b"\r\n"))
        left = int(headers[b"content-length"])
        while left > 0:
            left -= len(request.read(min(left, bytes_per_second // 20)))
            time.sleep(1 / 20)  # this is how slow it is
        connection.sendall(b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')


@contextmanager
def silent() -> Iterator[str]:
    """Take connections and never answer. Yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def make_bucket(url: str) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=10):
        pass
