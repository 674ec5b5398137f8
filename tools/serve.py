"""Serve a built book on this machine, at the asked port or the next free one."""

from __future__ import annotations

import argparse
import contextlib
import functools
import gzip
import sys
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

COMPRESSED = {".html", ".css", ".js", ".json", ".svg", ".txt", ".ipynb"}


class Handler(SimpleHTTPRequestHandler):
    """Serves files as a host of static pages does, and says nothing about each request."""

    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        """Take it calmly when a browser hangs up."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal free for the address."""

    def send_head(self):
        """Compress text for a browser that takes it."""
        path = Path(self.translate_path(self.path))
        takes_it = "gzip" in self.headers.get("Accept-Encoding", "")
        if takes_it and path.suffix in COMPRESSED and path.is_file():
            return self._send(HTTPStatus.OK, path, gzip.compress(path.read_bytes()), zipped=True)
        return super().send_head()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a missing address with the book's own page."""
        page = Path(self.directory, "404.html")
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, message, explain)
            return
        body = self._send(code, page, page.read_bytes())
        if self.command != "HEAD":
            self.copyfile(body, self.wfile)

    def _send(self, code: int, path: Path, body: bytes, zipped: bool = False) -> BytesIO:
        self.send_response(code)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(body)))
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        return BytesIO(body)


def open_server(folder: Path, port: int, tries: int = 50) -> ThreadingHTTPServer:
    """Return a server on localhost at the first free port from `port` on (0: any)."""
    handler = functools.partial(Handler, directory=str(folder))
    for candidate in [*range(port, port + tries), 0] if port else [0]:
        try:
            return ThreadingHTTPServer(("127.0.0.1", candidate), handler)
        except OSError:
            continue
    raise OSError(f"no free port at or above {port}")


def main() -> int:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    if not (arguments.folder / "index.html").is_file():
        print(f"There is no book in {arguments.folder} yet: run `make build`.", file=sys.stderr)
        return 1
    with open_server(arguments.folder, arguments.port) as server:
        print(f"The book is at http://localhost:{server.server_address[1]}/   (Ctrl-C stops)")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
