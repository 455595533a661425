"""One bad rating's case, and the acts on it: the loop as tests walk through it."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from service.auth.callers import Caller
from service.satisfaction import cases
from service.satisfaction.cases import NewCallBack, NewRectification, NewRuling
from service.satisfaction.models import BadRating, Verdict
from tests.service.satisfaction.make import MONDAY, Stage

TUESDAY = MONDAY + timedelta(days=1)
FOUND = NewCallBack(Verdict.SUBSTANTIATED, "确有其事")
NOBODY_THERE = NewCallBack(Verdict.NO_CONTACT, "无人接听")
MENDED = NewRectification("已调整窗口排班", "见附件照片")


class Loop:
    """One case, and the acts on it with the revision that it has."""

    def __init__(self, stage: Stage, case: BadRating) -> None:
        self.stage, self.case = stage, case
        self.session: AsyncSession = stage.session

    async def call_back(self, given: NewCallBack, now: datetime = TUESDAY) -> BadRating:
        officer, seen = self.stage.officer, self.case.revision
        return await cases.call_back(self.session, self.case.id, given, officer, seen, now)

    async def rectify(self, by: Caller | None = None, now: datetime = TUESDAY) -> BadRating:
        clerk, seen = by or self.stage.clerk, self.case.revision
        return await cases.rectify(self.session, self.case.id, MENDED, clerk, seen, now)

    async def rule(self, given: NewRuling, now: datetime = TUESDAY) -> BadRating:
        officer, seen = self.stage.officer, self.case.revision
        return await cases.rule(self.session, self.case.id, given, officer, seen, now)

    async def story(self) -> list[tuple[str, str | None]]:
        rows = await log.of_subject(self.session, f"ratings/{self.case.rating_id}")
        return [
            (
                row.type.removeprefix("hck.rating."),
                row.data.get("verdict") or row.data.get("ruling"),
            )
            for row in rows
            if row.data.get("rung") is None
        ]

    async def rungs(self) -> list[tuple[str, str]]:
        """What time did, in order: which clock, which rung."""
        rows = await log.of_subject(self.session, f"ratings/{self.case.rating_id}")
        return [(row.data["leg"], row.data["rung"]) for row in rows if "rung" in row.data]
