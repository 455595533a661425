"""What a receiver must do, each asked of it by a call; what it does wrong is said in Chinese."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from local.conformance import story
from service import ids
from service.partners.webhooks import signatures
from service.partners.webhooks.delivering import Call, Outcome
from workers.webhooks import Caller

LATE = timedelta(hours=1)


class Finding(msgspec.Struct, frozen=True):
    """One thing asked of the receiver: `wrong` says what it does wrong, None where it is right."""

    asked: str
    wrong: str | None


class Run:
    """One run against one receiver."""

    def __init__(self, caller: Caller, url: str, secret: str, partner_id: UUID, now: datetime):
        self.caller, self.url, self.secret, self.now = caller, url, secret, now
        self.events = [
            story.outside(event, n, now) for n, event in enumerate(story.life(partner_id, now), 1)
        ]

    async def send(
        self,
        event: dict[str, Any],
        *,
        secrets: Sequence[str] | None = None,
        at: datetime | None = None,
        sent: bytes | None = None,
        drop: bool = False,
    ) -> Outcome:
        """Deliver an event; with other secrets, another time, another body, or unsigned."""
        body = msgspec.json.encode(event)
        call = Call(
            ids.new_id(), ids.new_id(), UUID(event["id"]), 1, self.url, True,
            tuple(secrets or (self.secret,)), None, body,
        )  # fmt: skip
        return await self.caller.call(call, at or self.now, sent=sent, unsigned=drop)

    async def consents(self) -> str | None:
        """Asked before the first delivery, it consents (4.2)."""
        outcome = await self.caller.ask(self.url)
        if outcome.error == "no-consent":
            return "没有同意:对 OPTIONS 应答 2xx,并带 WebHook-Allowed-Origin。"
        return _reached(outcome)

    async def takes_all(self) -> str | None:
        """It takes every event of a request's life."""
        for event in self.events:
            if wrong := _taken(await self.send(event)):
                return f"{event['type']}: {wrong}"
        return None

    async def takes_twice(self) -> str | None:
        """It takes an event that it has had."""
        wrong = _taken(await self.send(self.events[0]))
        return wrong and f"{wrong}(重复的事件也要答 2xx,用 webhook-id 去重)"

    async def takes_two_signatures(self) -> str | None:
        """One right signature of two is enough (4.1)."""
        both = (signatures.new_secret(), self.secret)
        wrong = _taken(await self.send(self.events[1], secrets=both))
        return wrong and f"{wrong}(webhook-signature 里有一个对就应接受)"

    async def takes_what_is_new(self) -> str | None:
        """A type or a member that it does not know disturbs nothing (2.2)."""
        unknown = {**self.events[0], "id": str(ids.new_id()), "type": "hck.request.future.v1"}
        unknown["data"] = {**unknown["data"], "added_later": True}
        wrong = _taken(await self.send(unknown))
        return wrong and f"{wrong}(不认识的事件应答 2xx 后略过:新成员不算新版本)"

    async def takes_out_of_order(self) -> str | None:
        """It takes what comes out of order."""
        last, first = ({**e, "id": str(ids.new_id())} for e in (self.events[6], self.events[0]))
        wrong = _taken(await self.send(last)) or _taken(await self.send(first))
        return wrong and f"{wrong}(按 subject 和 sequence 排序,旧的略过)"

    async def takes_many_at_once(self) -> str | None:
        """It takes ten at once."""
        fresh = [{**self.events[0], "id": str(ids.new_id())} for _ in range(10)]
        outcomes = await asyncio.gather(*(self.send(each) for each in fresh))
        return next((wrong for each in outcomes if (wrong := _taken(each))), None)

    async def refuses_forged(self) -> str | None:
        """It refuses what another secret signed."""
        forged = await self.send(self.events[0], secrets=(signatures.new_secret(),))
        return _refused(forged, "签名不对也收下了:任何人都能冒充我们。")

    async def refuses_changed(self) -> str | None:
        """It refuses a body that was changed after it was signed."""
        changed = msgspec.json.encode({**self.events[0], "type": "hck.request.completed.v1"})
        outcome = await self.send(self.events[0], sent=changed)
        return _refused(outcome, "正文被改过也收下了:要对收到的原始字节验签。")

    async def refuses_unsigned(self) -> str | None:
        """It refuses what is not signed."""
        return _refused(await self.send(self.events[0], drop=True), "没有签名也收下了。")

    async def refuses_old(self) -> str | None:
        """It refuses what was signed an hour ago."""
        outcome = await self.send(self.events[0], at=self.now - LATE)
        return _refused(outcome, "一小时前签的也收下了:截获的旧请求可以重放。")


def _reached(outcome: Outcome) -> str | None:
    if outcome.error is not None:
        return f"没有得到答复({outcome.error})。"
    return None


def _taken(outcome: Outcome) -> str | None:
    if wrong := _reached(outcome):
        return wrong
    return None if outcome.delivered else f"应答 2xx,却答了 {outcome.status}。"


def _refused(outcome: Outcome, otherwise: str) -> str | None:
    if wrong := _reached(outcome):
        return wrong
    if outcome.delivered:
        return otherwise
    wrong_kind = outcome.status is None or not 400 <= outcome.status < 500
    return f"应答 4xx,却答了 {outcome.status}。" if wrong_kind else None


Check = Callable[[Run], Awaitable[str | None]]
CHECKS: tuple[tuple[str, Check], ...] = (
    ("首次投递前的询问", Run.consents),
    ("一件申请从派来到办结的全部事件", Run.takes_all),
    ("同一事件再来一次", Run.takes_twice),
    ("换密钥期间的两个签名", Run.takes_two_signatures),
    ("不认识的类型和成员", Run.takes_what_is_new),
    ("次序颠倒的事件", Run.takes_out_of_order),
    ("同时来的十个", Run.takes_many_at_once),
    ("伪造的签名", Run.refuses_forged),
    ("签名后被改过的正文", Run.refuses_changed),
    ("没有签名", Run.refuses_unsigned),
    ("一小时前的时间戳", Run.refuses_old),
)


async def find(run: Run) -> list[Finding]:
    """Ask everything; a receiver that does not consent is asked the rest all the same."""
    return [Finding(asked, await check(run)) for asked, check in CHECKS]
