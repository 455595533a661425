"""Processes killed at random while people use the product; then everything is accounted for.

`python3 dev.py bench --only chaos --minutes N --seed S`: the local set-up with its simulated
partners runs, clients hand in requests and redeem benefits, and every few seconds one process
(API, consumers, relay, timers, the database itself) is ended by SIGKILL. Whoever was cut off asks
again with the same key, as the interface wants it. Afterwards nothing may be lost or doubled.
"""

import asyncio
import contextlib
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import psutil

from events import dead
from local.postgres import free_port
from workers.subscriptions import HEARD

READY_SECONDS, SETTLE_SECONDS = 120.0, 180.0
KINDS = {
    "service.app": "api", "workers actors": "actors", "workers relay": "relay",
    "workers timers": "timers", "postgres": "database",
}  # fmt: skip
"""How a process is known by its command line."""
WAIT = (1.5, 4.0)
ASKING, TRIES_SECONDS = 0.35, 60.0
APARTMENT = {
    "family_size": 2, "preferred_district": "370102", "move_in_on": "2027-05-01",
    "has_local_home": False, "contact_phone": "13800000000",
}  # fmt: skip
SINGLE = {
    "一个事物的事件序号断开或重复": """
        SELECT count(*) FROM (SELECT 1 FROM events GROUP BY subject
            HAVING max(sequence) <> count(*) OR min(sequence) <> 1) t""",
    "未转发的事件": "SELECT count(*) FROM events WHERE published_at IS NULL",
    "没有或不止一条“已提交”的申请": """
        SELECT count(*) FROM (SELECT r.id FROM requests r LEFT JOIN events e
            ON e.subject = 'requests/' || r.id AND e.type = 'hck.request.submitted.v1'
            GROUP BY r.id HAVING count(e.id) <> 1) t""",
    "没有去处的申请": "SELECT count(*) FROM requests WHERE state IN ('submitted', 'routing')",
    "同时派给两家的申请": """
        SELECT count(*) FROM (SELECT request_id FROM dispatches WHERE ended_at IS NULL
            GROUP BY request_id HAVING count(*) > 1) t""",
    "用量与核销笔数不符的卡": """
        SELECT count(*) FROM quota_uses q WHERE used <> (SELECT count(*) FROM redemptions r
            WHERE r.card_id = q.card_id AND r.offering = q.offering)""",
    "死信": dead.COUNT,
}
"""What must be none, each with the query that counts it."""


class Ledger:
    """What clients were told: the answer to every key, and how often they had to ask again."""

    def __init__(self) -> None:
        self.requests: dict[str, str] = {}
        self.redemptions: dict[str, str] = {}
        self.refused: Counter[str] = Counter()
        self.asked_again = 0
        self.unanswered: list[str] = []


class Product:
    """The local set-up in a folder, as its own process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        command = ["-m", "local", "run", "--data", str(folder), "--port", str(self.port)]
        folder.parent.mkdir(parents=True, exist_ok=True)
        self.log = (folder.parent / "chaos.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, *command], stdout=self.log, stderr=self.log
        )

    @property
    def base_url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def wait(self) -> dict[str, Any]:
        """Until it answers; returns its sample people."""
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(OSError, ValueError, httpx.HTTPError):
                if httpx.get(f"{self.base_url}/readyz", timeout=2).status_code == 200:
                    found: dict[str, Any] = json.loads((self.folder / "local.json").read_text())
                    return found
            time.sleep(0.3)
        raise SystemExit(f"产品未能启动,详见 {self.log.name}")

    def victims(self) -> dict[str, list[psutil.Process]]:
        """Its processes by kind; of the database the postmaster."""
        found: dict[str, list[psutil.Process]] = {}
        for each in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                line = " ".join(each.cmdline())
                kind = next((kind for mark, kind in KINDS.items() if mark in line), None)
                if kind and (kind != "database" or " -D" in line):
                    found.setdefault(kind, []).append(each)
        return found

    async def owner(self) -> asyncpg.Connection:
        """A connection of whoever may read everything."""
        addresses = json.loads((self.folder / "running.json").read_text())
        return await asyncpg.connect(addresses["owner"])

    def end(self) -> None:
        """Stop it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(60)
        self.process.kill()
        self.log.close()


async def steadily(
    http: httpx.AsyncClient, ledger: Ledger, path: str, body: Any, headers: dict[str, str]
) -> httpx.Response | None:
    """Ask until there is an answer, with one and the same key; None where none ever came."""
    until = time.monotonic() + TRIES_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            answer = await http.post(path, json=body, headers=headers)
            busy = answer.status_code in (429, 409) and answer.json().get("code") in (
                "idempotency-key-in-use", "rate-limited",
            )  # fmt: skip
            if answer.status_code < 500 and not busy:
                return answer
        ledger.asked_again += 1
        await asyncio.sleep(0.3)
    ledger.unanswered.append(path)
    return None


async def ask(http: httpx.AsyncClient, ledger: Ledger, token: str, stop: asyncio.Event) -> None:
    """Somebody who hands in a request again and again."""
    while not stop.is_set():
        key = str(uuid4())
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        body = {"offering": "HO-01", "region": "370100", "form": APARTMENT}
        answer = await steadily(http, ledger, "/v1/requests", body, headers)
        if answer is not None and answer.status_code == 201:
            ledger.requests[key] = answer.json()["id"]
        elif answer is not None:
            ledger.refused[answer.json().get("code", "")] += 1
        await asyncio.sleep(ASKING)


async def redeem(
    http: httpx.AsyncClient, ledger: Ledger, talent: str, client: dict[str, Any],
    stop: asyncio.Event,
) -> None:  # fmt: skip
    """A holder who shows their card, and a counter that gives a benefit for it."""
    while not stop.is_set():
        await asyncio.sleep(3)
        with contextlib.suppress(httpx.HTTPError, KeyError, ValueError, StopIteration):
            counter = await _token(http, client)
            points = await http.get("/v1/service-points", headers=counter)
            shown = await http.post(
                "/v1/me/card/presentations", headers={"Authorization": f"Bearer {talent}"}
            )
            key = str(uuid4())
            body = {
                "token": shown.json()["token"], "offering": "TR-01", "companions": 0,
                "service_point": points.json()["items"][0]["id"],
            }  # fmt: skip
            headers = {**counter, "Idempotency-Key": key}
            answer = await steadily(http, ledger, "/v1/redemptions", body, headers)
            if answer is not None and answer.status_code == 201:
                ledger.redemptions[key] = answer.json()["id"]
            elif answer is not None:
                ledger.refused[answer.json().get("code", "")] += 1


async def _token(http: httpx.AsyncClient, client: dict[str, Any]) -> dict[str, str]:
    answer = await http.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(client["client_id"], client["client_secret"]),
    )
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def kill(product: Product, seed: int, until: float) -> Counter[str]:
    """End one process after another, drawn by the seed; returns how many of which kind."""
    draw, killed = random.Random(seed), Counter[str]()  # noqa: S311 - a run to be repeated
    while time.monotonic() < until:
        await asyncio.sleep(draw.uniform(*WAIT))
        there = product.victims()
        kind = draw.choice(sorted(set(KINDS.values())))
        for each in there.get(kind, [])[:1]:
            with contextlib.suppress(psutil.Error):
                each.kill()
                killed[kind] += 1
    return killed


async def storm(product: Product, document: dict[str, Any], minutes: float, seed: int) -> Any:
    """Use and kill it for so long; returns what clients were told and what was killed."""
    ledger, stop = Ledger(), asyncio.Event()
    async with httpx.AsyncClient(base_url=product.base_url, timeout=15) as http:
        tokens = []
        for person in [p for p in document["people"] if p["login"] in ("talent1", "talent2")]:
            body = {"login": person["login"], "password": person["password"]}
            tokens.append((await http.post("/v1/sessions", json=body)).json()["access_token"])
        http.cookies.clear()
        airport = next(each for each in document["clients"] if each["key"] == "airport")
        work = [asyncio.create_task(ask(http, ledger, token, stop)) for token in tokens * 2]
        work.append(asyncio.create_task(redeem(http, ledger, tokens[0], airport, stop)))
        killed = await kill(product, seed, time.monotonic() + minutes * 60)
        stop.set()
        await asyncio.gather(*work)
    return ledger, killed


async def settled(product: Product) -> float:
    """Wait until everything is worked off; returns how many seconds it took."""
    begun = time.monotonic()
    while time.monotonic() - begun < SETTLE_SECONDS:
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            owner = await product.owner()
            try:
                left = [await owner.fetchval(query) for query in SINGLE.values()]
                if not any(left) and not await unread(owner):
                    return time.monotonic() - begun
            finally:
                await owner.close()
        await asyncio.sleep(2)
    return time.monotonic() - begun


async def unread(owner: asyncpg.Connection) -> int:
    """Events that a consumer listens to and has not read."""
    count = 0
    for consumer, (_, kinds) in HEARD.items():
        names = [str(kind.__struct_config__.tag) for kind in kinds]
        count += await owner.fetchval(
            "SELECT count(*) FROM events e WHERE e.type = ANY($2) AND NOT EXISTS (SELECT FROM inbox"
            " i WHERE i.consumer = $1 AND i.subject = e.subject AND i.sequence >= e.sequence)",
            consumer,
            names,
        )
    return count


async def account(product: Product, ledger: Ledger) -> dict[str, int]:
    """What is wrong, by name; all none where nothing was lost or doubled."""
    owner = await product.owner()
    try:
        found = {name: int(await owner.fetchval(query)) for name, query in SINGLE.items()}
        found["消费者没有读到的事件"] = await unread(owner)
        found["答复过而不在的申请"] = await _lacking(owner, "requests", ledger.requests)
        found["答复过而不在的核销"] = await _lacking(owner, "redemptions", ledger.redemptions)
        there = await owner.fetchval("SELECT count(*) FROM requests")
        found["没有人要过的申请"] = int(there) - len(ledger.requests)
        given = await owner.fetchval("SELECT count(*) FROM redemptions")
        found["没有人要过的核销"] = int(given) - len(ledger.redemptions)
        found["始终没有答复的请求"] = len(ledger.unanswered)
    finally:
        await owner.close()
    return found


async def _lacking(owner: asyncpg.Connection, table: str, told: dict[str, str]) -> int:
    query = f"SELECT id::text FROM {table}"  # noqa: S608 - our own tables
    there = {row["id"] for row in await owner.fetch(query)}
    return len(set(told.values()) - there)


def run(folder: Path, minutes: float, seed: int) -> int:
    """The whole: start, storm, settle, account; returns how many kinds of loss there were."""
    product = Product(folder)
    try:
        document = product.wait()
        ledger, killed = asyncio.run(storm(product, document, minutes, seed))
        product.wait()
        seconds = asyncio.run(settled(product))
        found = asyncio.run(account(product, ledger))
    finally:
        product.end()
    kills = "、".join(f"{kind} {count}" for kind, count in sorted(killed.items()))
    print(f"{minutes:g} 分钟,种子 {seed}: 终止 {sum(killed.values())} 次({kills})")
    print(
        f"申请 {len(ledger.requests)} 件、核销 {len(ledger.redemptions)} 笔得到答复,"
        f"重问 {ledger.asked_again} 次;拒绝 {dict(ledger.refused)}。"
        f"停手后 {seconds:.0f} 秒全部办清。"
    )
    print("\n| 账目 | 应为 0 |\n|---|---:|")
    for name, count in found.items():
        print(f"| {name} | {count} |")
    return sum(1 for count in found.values() if count)
