"""Serve a built book on this machine, at the asked port or the next free one."""

from __future__ import annotations

import argparse
import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and says nothing about each request."""

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal free for the address."""


def open_server(folder: Path, port: int, tries: int = 50) -> ThreadingHTTPServer:
    """Return a server on localhost at the first free port from `port` on (0: any)."""
    handler = functools.partial(QuietHandler, directory=str(folder))
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
