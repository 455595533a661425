"""A partner's receiver: a real HTTP server on the loopback address that remembers its calls."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass
class Got:
    """One call as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found


@dataclass
class Receiver:
    """Answers as it is told: `status` and `headers` for events, `consent` for OPTIONS."""

    port: int = 0
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""
    consent: dict[str, str] = field(default_factory=lambda: {"WebHook-Allowed-Origin": "*"})
    consent_status: int = 200
    hold: asyncio.Event | None = None
    calls: list[Got] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events?to=us"

    @property
    def events(self) -> list[Got]:
        return [each for each in self.calls if each.method == "POST"]

    @property
    def asked(self) -> list[Got]:
        return [each for each in self.calls if each.method == "OPTIONS"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {
                k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.calls.append(Got(method, path, headers, body))
            if self.hold is not None and method == "POST":
                await self.hold.wait()
            writer.write(self._reply(method))
            await writer.drain()
        writer.close()

    def _reply(self, method: str) -> bytes:
        asked = method == "OPTIONS"
        status = self.consent_status if asked else self.status
        headers = self.consent if asked else self.headers
        body = b"" if asked or status == 204 else self.answer
        lines = [f"HTTP/1.1 {status} X", "Connection: close"]
        lines += [] if status == 204 else [f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body


@contextlib.asynccontextmanager
async def receiving(**how: Any) -> AsyncIterator[Receiver]:
    """A receiver that listens while the block runs."""
    receiver = Receiver(**how)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        if receiver.hold is not None:
            receiver.hold.set()
        server.close()
        await server.wait_closed()
