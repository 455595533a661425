"""A simulated 办理单位 at work: it follows its feed and takes each request one step further.

What to do follows from the request as it stands, never from what this process remembers, so that
it may be stopped and started at any point.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import structlog

from local.simulator.client import Machine
from local.simulator.manner import Crashed, Manner
from local.simulator.results import result_for

log = structlog.get_logger("local.simulator")

SHANGHAI = ZoneInfo("Asia/Shanghai")
QUEUE = "/v1/partner/requests"
FEED = "/v1/partner/events"
OPEN_STATES = ("offered", "accepted")
AT_ONCE = 5
STUMBLE_PAUSE_SECONDS = 5.0
PROGRESS = "材料已收到并核对完毕,正在办理。"
BOUNCED = {"reason": "本单位近期无力承接", "note": "模拟退件"}
DECLINED = {"outcome": "declined", "reason": "经核不符合条件(模拟)", "result": {}}
FRIENDLY = Manner()


class Act(msgspec.Struct, frozen=True):
    """One step: the path's last part and the body."""

    name: str
    body: dict[str, Any] | None


def next_act(
    request: dict[str, Any], now: datetime, manner: Manner = FRIENDLY, key: str = ""
) -> Act | None:
    """The step that a request needs: accept, one word of progress, its first review where it has
    one, complete; or none now. By its manner the partner with this key bounces or declines."""
    allowed = request["allowed"]
    if "bounce" in allowed and manner.meets(manner.bounce, "bounce", key, request["number"]):
        return Act("bounce", BOUNCED)
    if "accept" in allowed:
        return Act("accept", None)
    if "complete" not in allowed:
        return None
    if all(message["kind"] != "progress" for message in request["messages"]):
        return Act("progress", {"note": PROGRESS})
    if "first-review" in allowed:
        return Act("first-review", {"outcome": "passed"})
    if manner.meets(manner.decline, "decline", key, request["number"]):
        return Act("complete", DECLINED)
    result = result_for(
        request["result_schema"],
        request["form"],
        number=request["number"],
        today=now.astimezone(SHANGHAI).date(),
    )
    return Act("complete", {"outcome": "granted", "result": result})


class Agency:
    """One partner; `bookmark` keeps its place in the feed between two starts."""

    def __init__(
        self, machine: Machine, bookmark: Path, pace_seconds: float, manner: Manner = FRIENDLY
    ) -> None:
        self.machine, self.bookmark, self.pace_seconds = machine, bookmark, pace_seconds
        self.manner = manner
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def work(self, wait_seconds: int) -> None:
        """Work until cancelled; whatever goes wrong is logged and tried again."""
        task: Callable[[], Awaitable[object]] = self.clear_queue
        while True:
            try:
                await task()
                task = partial(self.turn, wait_seconds)
            except Exception as wrong:
                log.warning(
                    "stumbled", client=self.machine.credentials.key, kind=type(wrong).__name__
                )
                await self.machine.sleep(STUMBLE_PAUSE_SECONDS)

    async def clear_queue(self) -> None:
        """Take every open request a step further: for a start, and when the bookmark is lost."""
        for state in OPEN_STATES:
            cursor: str | None = None
            while True:
                page = (await self.machine.get(QUEUE, state=state, cursor=cursor)).json()
                await self._steps([item["id"] for item in page.get("items", ())])
                cursor = page.get("next")
                if cursor is None:
                    break

    async def turn(self, wait_seconds: int) -> int:
        """Read the feed once and act on what it tells; returns how many events there were.

        The bookmark moves only afterwards, so that nothing is left out by a stop in between.
        """
        answer = await self.machine.get(FEED, cursor=self._place(), wait=wait_seconds, limit=100)
        if answer.status_code in (400, 410):
            self.bookmark.unlink(missing_ok=True)
            await self.clear_queue()
            return 0
        answer.raise_for_status()
        page = answer.json()
        subjects = [event["subject"] for event in page["events"]]
        found = dict.fromkeys(each for each in subjects if each.startswith("requests/"))
        await self._steps([subject.partition("/")[2] for subject in found])
        self._keep(page["cursor"])
        return len(subjects)

    async def _steps(self, request_ids: list[str]) -> None:
        await asyncio.gather(*(self._step(each) for each in request_ids))

    async def _step(self, request_id: str) -> None:
        """One step of one request; somebody else's hand in between is no matter (409, 412)."""
        async with self._slots:
            seen = await self.machine.get(f"{QUEUE}/{request_id}")
            if seen.status_code != 200:
                return  # it has moved on to another partner
            key = self.machine.credentials.key
            act = next_act(seen.json(), self.machine.clock(), self.manner, key)
            if act is None:
                return
            await self.machine.sleep(self.pace_seconds)
            etag = seen.headers["ETag"]
            done = await self.machine.act(
                f"{QUEUE}/{request_id}/{act.name}",
                act.body,
                etag=etag,
                key=f"sim-{request_id}-{act.name}-{etag.strip(chr(34))}",
            )
        log.info(
            "act",
            client=key,
            request=request_id,
            act=act.name,
            status=done.status_code,
        )
        if self.manner.meets(self.manner.crash, "crash", key, request_id, etag):
            raise Crashed

    def _place(self) -> str | None:
        try:
            return str(json.loads(self.bookmark.read_text())["cursor"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _keep(self, cursor: str) -> None:
        self.bookmark.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.bookmark.with_suffix(".new")
        fresh.write_text(json.dumps({"cursor": cursor}))
        fresh.replace(self.bookmark)
