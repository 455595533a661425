"""The story of an application: its log, each event in plain words (api.md 3.3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events import catalogue, log
from events import of_applications as happened
from events.of_applications import OfApplication
from service.auth.callers import Caller
from service.pages.show import SHANGHAI
from service.talents.applications import holding, steps
from service.talents.applications.application import Application
from service.talents.applications.opinions import Opinion

ROLES = {
    "talent": "申请人",
    "unit_manager": "单位业务负责人",
    "unit_specialist": "单位服务专员",
    "reviewer": "人社窗口",
    "office": "省人才办",
    "system": "系统",
}
WORDS: dict[type[OfApplication], str] = {
    happened.ApplicationDrafted: "开始填写申请",
    happened.ApplicationAtUnitAssign: "已提交,待单位指派专员",
    happened.ApplicationAtUnitComplete: "已指派专员,待补全材料",
    happened.ApplicationAtUnitEndorse: "材料已补全,待单位推荐",
    happened.ApplicationAtCountyReview: "已到县级人社审核",
    happened.ApplicationAtCityReview: "已到市级人社审核",
    happened.ApplicationAtProvinceReview: "已到省级人社审核",
    happened.ApplicationAtOfficeConsent: "已报省人才办同意",
    happened.ApplicationIssuing: "全部通过,制卡",
    happened.ApplicationIssued: "已发卡",
    happened.ApplicationReassigned: "已更换服务专员",
    happened.ApplicationLookAlike: "已核对姓名、生日相同的登记人",
    happened.ApplicationRejected: "未通过",
    happened.ApplicationWithdrawn: "申请人已撤回",
}


class Entry(msgspec.Struct, frozen=True):
    """One step: when, by which role (never a person's name), what, and the opinion given."""

    at: datetime
    type: str
    sequence: int
    by: str
    text: str
    decision: str | None = None
    opinion: str | None = None


async def of(session: AsyncSession, caller: Caller, application: Application) -> list[Entry]:
    """The whole story, oldest first. Its talent reads why it was returned, not why it passed."""
    rows = await log.of_subject(session, f"applications/{application.id}")
    query = sa.select(Opinion).where(Opinion.application_id == application.id)
    given = (await session.scalars(query.order_by(Opinion.id))).all()
    own = holding.is_own(caller, application)
    return [_entry(row, _opinion_of(row, given), own=own) for row in rows]


def _opinion_of(row: sa.Row[Any], given: Sequence[Opinion]) -> Opinion | None:
    """The decision that led to this event: taken by the same person at the same instant.

    Only the first event of an instant has it: the last pass tells of `issuing` and `issued`.
    """
    if row.type == "hck.application.issued.v1":
        return None
    same = (o for o in given if o.decided_at == row.at and row.actor == f"accounts/{o.account_id}")
    return next(same, None)


def _entry(row: sa.Row[Any], given: Opinion | None, *, own: bool) -> Entry:
    event = catalogue.read(row.type, row.data)
    by = ROLES.get(row.role, "工作人员")
    if given is not None and row.role == "reviewer":
        by = steps.TITLES[given.step].removesuffix("审核")
    hidden = own and given is not None and given.decision == "pass"
    return Entry(
        at=row.at.astimezone(SHANGHAI),
        type=row.type,
        sequence=row.sequence,
        by=by,
        text=words(event),
        decision=given.decision if given else None,
        opinion=given.opinion or None if given and not hidden else None,
    )


def words(event: object) -> str:
    """One event as a sentence."""
    if isinstance(event, happened.ApplicationReturned):
        mends = steps.STEPS.get(event.returned_to or "")
        who = ROLES.get(mends.role or "", "申请人") if mends else "申请人"
        return f"已退回,请{who}补充"
    return next((text for kind, text in WORDS.items() if type(event) is kind), "已记录")
