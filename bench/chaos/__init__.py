"""Processes killed at random while people use the product; then everything is accounted for.

`python3 dev.py bench --only chaos --minutes N --seed S [--broker rabbitmq]`: the local set-up with
its simulated partners runs; clients hand in requests, redeem benefits, verify a card that is
suspended and reinstated, and an agency is sent its events. Every few seconds one process (API,
consumers, relay, timers with webhooks, the database, RabbitMQ) is ended by SIGKILL. Whoever was cut
off asks again with the same key, as the interface wants it. Afterwards nothing may be lost or
doubled, and the log holds against its seals.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from bench.chaos import account
from bench.chaos.clients import Gate, Ledger, People, again_and_again, ask, redeem
from bench.chaos.product import Product, kill
from bench.receiver import Receiver, one_in
from local import rabbit
from local.rabbit import Server

SUBSCRIBED = "housing"
LOOKS, LOOK_SECONDS = 3, 5.0
STUMBLES = 20
"""One delivery of so many is refused at first."""


async def storm(product: Product, document: dict[str, Any], minutes: float, seed: int) -> Any:
    """Use and kill it for so long; returns what clients were told and what was killed."""
    ledger, stop = Ledger(), asyncio.Event()
    receiver = await Receiver(one_in(STUMBLES, seed)).start()
    async with httpx.AsyncClient(base_url=product.base_url, timeout=15) as http:
        people = People(http, document)
        one, two, three = [await people.person(f"talent{n}") for n in (1, 2, 3)]
        window = await people.person("reviewer-shandong")
        await subscribe(people, receiver)
        gate = Gate(people, ledger, three, window)
        works: list[Callable[[], Awaitable[None]]] = [
            *(partial(ask, http, ledger, each) for each in (one, two) * 2),
            partial(redeem, people, ledger, one),
            gate.watch,
        ]
        doing = [asyncio.create_task(again_and_again(each, stop)) for each in works]
        killed = await kill(product, seed, time.monotonic() + minutes * 60)
        stop.set()
        await asyncio.gather(*doing)
    await asyncio.to_thread(product.wait)
    seconds = await account.settled(product)
    ledger.received = set(receiver.got)
    await receiver.stop()
    return ledger, killed, seconds


async def subscribe(people: People, receiver: Receiver) -> None:
    """An agency has every event of its own sent."""
    machine = await people.machine(SUBSCRIBED)
    headers = {**machine, "Idempotency-Key": "chaos-webhook"}
    answer = await people.http.post(
        "/v1/partner/webhooks", json={"url": receiver.url, "types": []}, headers=headers
    )
    assert answer.status_code == 201, answer.text


async def accounted(product: Product, ledger: Ledger) -> dict[str, int]:
    """The whole account: what was answered, effects, deliveries, the sealed log.

    The simulated partners still work: what has just happened may be on its way at the first look.
    """
    for _ in range(LOOKS):
        found = await account.account(product, ledger)
        if not any(found.values()):
            break
        await asyncio.sleep(LOOK_SECONDS)
    async with product.sessions() as sessions:
        return found | await account.seals(sessions, account.tomorrow_night(datetime.now(UTC)))


@contextlib.contextmanager
def queue_of(broker: str, folder: Path) -> Iterator[Server | None]:
    """RabbitMQ for the run where it is asked for."""
    if broker != "rabbitmq":
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    with rabbit.running(folder) as server:
        yield server


def run(folder: Path, minutes: float, seed: int, broker: str = "") -> int:
    """The whole: start, storm, settle, account; returns how many kinds of loss there were."""
    with queue_of(broker, folder.parent / "rabbit") as queue:
        product = Product(folder, queue)
        try:
            document = product.wait()
            ledger, killed, seconds = asyncio.run(storm(product, document, minutes, seed))
            found = asyncio.run(accounted(product, ledger))
        finally:
            product.end()
    told(f"{minutes:g} 分钟,种子 {seed},{broker or '内置队列'}", killed, ledger, seconds)
    print("\n| 账目 | 应为 0 |\n|---|---:|")
    for name, count in found.items():
        print(f"| {name} | {count} |")
    return sum(1 for count in found.values() if count)


def told(run: str, killed: Counter[str], ledger: Ledger, seconds: float) -> None:
    """What happened, for people."""
    kills = "、".join(f"{kind} {count}" for kind, count in sorted(killed.items()))
    print(f"{run}: 终止 {sum(killed.values())} 次({kills})")
    print(
        f"申请 {len(ledger.requests)} 件、核销 {len(ledger.redemptions)} 笔得到答复,"
        f"核验 {ledger.verified} 次(卡暂停、恢复 {ledger.changes} 次),"
        f"推送到达 {len(ledger.received)} 件,"
        f"重问 {ledger.asked_again} 次;拒绝 {dict(ledger.refused)}。"
        f"停手后 {seconds:.0f} 秒全部办清。"
    )
    for each in ledger.misjudged[:5]:
        print(f"答错: {each}")
