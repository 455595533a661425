"""An agency's two busiest doors: many clerks after one request, and the feed that all read."""

import asyncio
import time
from collections import Counter
from typing import Any

import httpx
import msgspec

from bench import rates
from bench.doors import Call, Desk, Door
from bench.effects import PROCESSES
from bench.rates import Rate, load
from bench.stage import Stage

AGENCY = "housing"
REQUESTS, RIVALS = 60, 8
PATIENCE = 120.0
APARTMENT = {
    "offering": "HO-01", "region": "370100",
    "form": {
        "family_size": 2, "preferred_district": "370102", "move_in_on": "2027-05-01",
        "has_local_home": False, "contact_phone": "13800000000",
    },
}  # fmt: skip
OFFERED = """
CREATE TABLE bench_offered AS SELECT row_number() OVER (ORDER BY r.id)::int AS n, r.id::text AS id
FROM requests r JOIN partners p ON p.id = r.partner_id
WHERE r.state = 'offered' AND r.offering = 'HO-01';
GRANT SELECT ON bench_offered TO hck_service"""
NTH = "(SELECT id FROM bench_offered WHERE n = :n)"


class Race(msgspec.Struct, frozen=True):
    """Requests with so many clerks after each: how many answers of each kind, wins a second."""

    answers: dict[int, int]
    won_once: int
    raced: int
    per_second: float
    floor: float

    def shown(self) -> str:
        """For people."""
        told = "、".join(f"{status} × {count}" for status, count in sorted(self.answers.items()))
        return (
            f"接件竞争: {self.raced} 件各 {RIVALS} 人同时接,恰有一人接到的 {self.won_once} 件"
            f"({told});每秒接成 {self.per_second:.0f} 件,pgbench 同样的语句 {self.floor:.0f},"
            f"比值 {self.per_second / self.floor:.2f}"
        )


class Agency:
    """The agency's machine."""

    def __init__(self, stage: Stage, access: str) -> None:
        self.stage, self.access = stage, access

    def feed(self, _: int) -> Call:
        """`GET /v1/partner/events`, from the beginning."""
        return Call(_get(self.stage.port, "/v1/partner/events?limit=50", self.access), {})

    async def offered(self, desk: Desk) -> list[tuple[str, str]]:
        """Requests that wait for it, with the ETag of each."""
        calls = [desk.asked(at, APARTMENT) for at in range(REQUESTS)]
        await load(self.stage, desk.doors[2], calls, PATIENCE)
        for name in PROCESSES:
            self.stage.start(name, "workers", name)
        until = time.monotonic() + PATIENCE
        left = "SELECT count(*) FROM requests WHERE state IN ('submitted', 'routing')"
        while await self.stage.fetchval(left) and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        self.stage.stop(*PROCESSES)
        await self.stage.script(OFFERED)
        ids = [row["id"] for row in await self.stage.sql("SELECT id FROM bench_offered ORDER BY n")]
        async with self._http() as http:
            seen = [await http.get(f"/v1/partner/requests/{each}") for each in ids]
        return [(i, s.headers["ETag"]) for i, s in zip(ids, seen, strict=True) if s.is_success]

    def _http(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.access}"}
        return httpx.AsyncClient(base_url=self.stage.base_url, headers=headers, timeout=60)

    async def race(self, waiting: list[tuple[str, str]]) -> Race:
        """Each request but the last is accepted by several at once; the last gives the floor."""
        answers: Counter[int] = Counter()
        once, begun = 0, time.perf_counter()
        async with self._http() as http:
            for request_id, tag in waiting[:-1]:
                path = f"/v1/partner/requests/{request_id}/accept"
                told = await asyncio.gather(
                    *(
                        http.post(
                            path, headers={"If-Match": tag, "Idempotency-Key": f"{request_id}-{n}"}
                        )
                        for n in range(RIVALS)
                    )
                )
                kinds = Counter(each.status_code for each in told)
                answers += kinds
                once += kinds[200] == 1
        seconds = time.perf_counter() - begun
        floor = await self._floor(*waiting[-1])
        raced = len(waiting) - 1
        return Race(dict(answers), once, raced, raced / seconds, floor)

    async def _floor(self, request_id: str, tag: str) -> float:
        """pgbench with the statements of one acceptance, each on some request that waits."""
        path = f"/v1/partner/requests/{request_id}/accept"
        more = {"If-Match": tag, "Idempotency-Key": "bench-floor"}
        octets = _call("POST", self.stage.port, path, self.access, more)
        varied = {request_id: NTH, "bench-floor": "('bench-key-' || :k::text)"}
        door = Door("accept", 200, 0.1, lambda _: Call(octets, varied))
        script = await rates.script_of(self.stage, door)
        return await rates.pgbench(self.stage, script.text(REQUESTS), 4)


async def measure(stage: Stage, desk: Desk, seconds: float, rounds: int) -> tuple[Race, Rate]:
    """The race, then the feed with what has happened."""
    agency = Agency(stage, await _access(stage))
    race = await agency.race(await agency.offered(desk))
    feed = await rates.rate_of(stage, Door("feed", 200, 0.1, agency.feed), seconds, rounds)
    return race, feed


async def _access(stage: Stage) -> str:
    machine: dict[str, Any] = next(c for c in stage.document["clients"] if c["key"] == AGENCY)
    async with httpx.AsyncClient(base_url=stage.base_url) as http:
        answer = await http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(machine["client_id"], machine["client_secret"]),
        )
    return str(answer.json()["access_token"])


def _get(port: int, path: str, access: str) -> bytes:
    return _call("GET", port, path, access, {})


def _call(method: str, port: int, path: str, access: str, more: dict[str, str]) -> bytes:
    headers = {"Host": f"127.0.0.1:{port}", "Authorization": f"Bearer {access}", **more}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
    if method == "POST":
        lines.append("Content-Length: 0")
    return "\r\n".join([*lines, "", ""]).encode()
