"""A partner's receiving end on this machine: consents, and keeps what it was sent and when."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable

CONSENT = b"HTTP/1.1 200 OK\r\nWebHook-Allowed-Origin: *\r\nContent-Length: 0\r\n\r\n"
TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


class Receiver:
    """Listens at `url`; `got` holds each event's id and the time of its first arrival.

    `stumbles` says before each delivery whether it is refused this time.
    """

    def __init__(self, stumbles: Callable[[], bool] = lambda: False) -> None:
        self.got: dict[str, float] = {}
        self.calls = 0
        self._stumbles = stumbles
        self._server: asyncio.Server | None = None
        self.url = ""

    async def start(self) -> "Receiver":
        """Begin to listen."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"
        return self

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            names = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
            await reader.readexactly(int(names.get("content-length", 0)))
            writer.write(CONSENT if head.startswith("OPTIONS") else self._answer(names))
            await writer.drain()
        writer.close()

    def _answer(self, names: dict[str, str]) -> bytes:
        self.calls += 1
        if self._stumbles():
            return BUSY
        self.got.setdefault(names["webhook-id"], time.time())
        return TAKEN


def one_in(often: int, seed: int) -> Callable[[], bool]:
    """Stumbles so often, drawn by the seed."""
    draw = random.Random(seed)  # noqa: S311 - a run to be repeated
    return lambda: draw.randrange(often) == 0
