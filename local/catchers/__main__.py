"""`python -m local.catchers --smtp PORT --http PORT`: keep mail and SMS, show them on a page."""

import argparse
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from local.catchers.kept import Kept, letter_of, text_of

LOCAL = "127.0.0.1"
MOST = 1_000_000


class Mail:
    """Takes every letter."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:
        """Keep one letter."""
        self.kept.keep(*letter_of(envelope.content))
        return "250 kept"


def door_of(kept: Kept) -> type[BaseHTTPRequestHandler]:
    """The gateway's door (POST) and the page (GET)."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Keep one SMS."""
            length = min(int(self.headers.get("Content-Length") or 0), MOST)
            try:
                kept.keep(*text_of(self.rfile.read(length)))
            except ValueError:
                return self._say(422, b"{}", "application/json")
            return self._say(202, b"{}", "application/json")

        def do_GET(self) -> None:
            """Show what came."""
            self._say(200, kept.page().encode(), "text/html; charset=utf-8")

        def _say(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing: a line would name who wrote to whom."""

    return Door


def main(words: list[str]) -> int:
    """Keep what comes until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local.catchers", description=__doc__)
    parser.add_argument("--smtp", type=int, required=True)
    parser.add_argument("--http", type=int, required=True)
    ports = parser.parse_args(words)
    kept, stop = Kept(), threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    mail = Controller(Mail(kept), hostname=LOCAL, port=ports.smtp, enable_SMTPUTF8=True)
    door = ThreadingHTTPServer((LOCAL, ports.http), door_of(kept))
    mail.start()
    threading.Thread(target=door.serve_forever, daemon=True).start()
    stop.wait()
    door.shutdown()
    mail.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
