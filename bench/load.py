"""`python -m bench.load FILE`: send the file's calls, one after another on each connection.

A process of its own with a bare HTTP client, so that the client takes little of the machine.
"""

import asyncio
import sys
import time
from pathlib import Path

import msgspec


class Plan(msgspec.Struct, frozen=True):
    """Calls to send, over how many connections, for how long; which status is a success.

    Each connection pauses after each call.
    """

    host: str
    port: int
    connections: int
    seconds: float
    expect: int
    calls: list[bytes]
    pause: float = 0.0


class Outcome(msgspec.Struct, frozen=True):
    """What came of it: calls answered as expected and otherwise, seconds, latencies in ms."""

    done: int
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float
    sample: str = ""
    p95_ms: float = 0.0


async def send(plan: Plan) -> Outcome:
    """Send until the time or the calls are over."""
    queue = iter(plan.calls)
    taken: list[float] = []
    failures: list[bytes] = []
    begun = time.perf_counter()
    until = begun + plan.seconds
    wanted = b"HTTP/1.1 %d" % plan.expect

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection(plan.host, plan.port)
        for call in queue:
            at = time.perf_counter()
            if at > until:
                break
            writer.write(call)
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_length(head))
            if head.startswith(wanted):
                taken.append(time.perf_counter() - at)
            else:
                failures.append(head.splitlines()[0] + b" " + body[:700])
            if plan.pause:
                await asyncio.sleep(plan.pause)
        writer.close()

    await asyncio.gather(*(one_connection() for _ in range(plan.connections)))
    seconds = time.perf_counter() - begun
    taken.sort()
    p50, p95, p99 = (
        taken[int(len(taken) * part)] * 1000 if taken else 0.0 for part in (0.5, 0.95, 0.99)
    )
    sample = failures[0].decode(errors="replace") if failures else ""
    return Outcome(len(taken), len(failures), seconds, p50, p99, sample, p95)


def _length(head: bytes) -> int:
    at = head.lower().index(b"content-length:") + 15
    return int(head[at : head.index(b"\r\n", at)])


if __name__ == "__main__":
    found = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    sys.stdout.write(msgspec.json.encode(asyncio.run(send(found))).decode())
