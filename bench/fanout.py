"""One event sent to a hundred receivers of which ten are dead: how soon the living have it."""

import asyncio
import statistics
import time
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from bench.receiver import Receiver
from bench.stage import Stage
from events import log
from events.of_requests import RequestWithdrawn
from service import db, ids, sealing
from service.partners.webhooks import planning, signatures
from service.partners.webhooks.models import ACTIVE, Webhook

RECEIVERS, DEAD = 100, 10
EVENTS, EVERY_SECONDS, PATIENCE = 10, 3.0, 60.0
CLOSED = "http://127.0.0.1:9/"
"""Half of the dead refuse; the others take the call and never answer."""


class Fanout(msgspec.Struct, frozen=True):
    """Seconds from commit to first arrival at the living; the same calls made bare, beside it."""

    arrived: int
    due: int
    p50: float
    p95: float
    bare_p95: float

    def shown(self) -> str:
        """For people."""
        return (
            f"{RECEIVERS} 个接收端,{DEAD} 个已死,{EVENTS} 个事件: 活着的首次送达 "
            f"{self.arrived}/{self.due},p50 {self.p50:.2f} 秒,p95 {self.p95:.2f} 秒(要求 1 秒);"
            f"不经本产品、同时直接发 {RECEIVERS - DEAD} 个 p95 {self.bare_p95:.2f} 秒,"
            f"比值 {self.bare_p95 / self.p95:.2f}"
        )


async def measure(stage: Stage) -> Fanout:
    """Subscribe all, let events happen one after another, and see when each arrives."""
    living = [await Receiver().start() for _ in range(RECEIVERS - DEAD)]
    silent = await asyncio.start_server(_never, "127.0.0.1", 0)
    hung = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/"
    urls = [each.url for each in living] + [CLOSED, hung] * (DEAD // 2)
    partner: UUID = (await stage.sql("SELECT id FROM partners ORDER BY id LIMIT 1"))[0][0]
    sealing.use(stage.ring())
    await _subscribe(stage, partner, urls)
    stage.start("webhooks", "workers", "webhooks")
    await _happen(stage, partner)  # the first event finds everybody's consent
    await asyncio.sleep(10 + EVERY_SECONDS)
    committed: dict[str, float] = {}
    for _ in range(EVENTS):
        name = await _happen(stage, partner)
        committed[name] = time.time()
        await asyncio.sleep(EVERY_SECONDS)
    await _until(living, set(committed))
    stage.stop("webhooks")
    took = sorted(
        each.got[k] - at for k, at in committed.items() for each in living if k in each.got
    )
    bare = await _bare(living)
    silent.close()
    for each in living:
        await each.stop()
    if not took:
        raise SystemExit("没有送达任何事件,详见 webhooks 的日志。")
    p95 = took[int(len(took) * 0.95)]
    return Fanout(len(took), EVENTS * len(living), statistics.median(took), p95, bare)


async def _never(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read(-1)


async def _subscribe(stage: Stage, partner: UUID, urls: list[str]) -> None:
    """Webhooks as rows: a partner may open twenty by the door."""
    engine = db.make_engine(stage.settings)
    async with db.make_sessions(engine).begin() as session:
        xact, event = await planning.here(session)
        for url in urls:
            session.add(
                Webhook(
                    id=ids.new_id(), partner_id=partner, url=url, types=[], state=ACTIVE,
                    secret=signatures.new_secret(), seen_xact=xact, seen_event=event,
                    created_at=datetime.now(UTC),
                )
            )  # fmt: skip
    await engine.dispose()


async def _happen(stage: Stage, partner: UUID) -> str:
    """Something that concerns the partner; returns the event's id once it is committed."""
    engine = db.make_engine(stage.settings)
    event = RequestWithdrawn(request_id=ids.new_id(), offering="HO-01", partner_id=partner)
    async with db.make_sessions(engine).begin() as session:
        now = datetime.now(UTC)
        found = await log.append(session, event, by=log.SYSTEM, region="370100", now=now)
    await engine.dispose()
    return str(found)


async def _until(living: list[Receiver], wanted: set[str]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if all(wanted <= each.got.keys() for each in living):
            return
        await asyncio.sleep(0.1)


async def _bare(living: list[Receiver]) -> float:
    """The p95 of the same number of calls made at once, without claim, signature and record."""
    took: list[float] = []

    async def call(each: Receiver, begun: float) -> None:
        port = int(each.url.rsplit(":", 1)[1].strip("/"))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nwebhook-id: bare\r\ncontent-length: 0\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        took.append(time.perf_counter() - begun)
        writer.close()

    for _ in range(EVENTS):
        begun = time.perf_counter()
        await asyncio.gather(*(call(each, begun) for each in living))
    return sorted(took)[int(len(took) * 0.95)]
