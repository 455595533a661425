"""Doors of 家庭成员、同意记录、市级人才卡 (api.md 3.7)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller
from service.problems import NotFound
from service.talents.family import adding, consenting, declaring, ending, pages, views
from service.talents.family.adding import GivenMember
from service.talents.family.consenting import ConsentView
from service.talents.family.declaring import Choose, Declare
from service.talents.family.views import (
    ConsentsView,
    FamilyView,
    MemberView,
    MunicipalsView,
    MunicipalView,
)
from service.worktime.hours import SHANGHAI


@get("/v1/me/family", guards=[guards.talent])
async def family(
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> FamilyView:
    """我的家庭成员,以及添加时须阅读的同意书。"""
    return views.family(
        await adding.of_person(session, caller.person_id), now.astimezone(SHANGHAI).date()
    )


@post("/v1/me/family", guards=[guards.talent])
async def add(
    data: GivenMember,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[MemberView]:
    """添加配偶、未成年子女或父母,须附单独同意。

    Problems: 409 `spouse-exists`, `parents-complete`, `family-member-exists`, `family-conflict`,
    `consent-text-changed`, 422 `guardian-consent-required`, `member-consent-required`.
    """
    member = await adding.add(session, caller, data, now)
    view = views.member(member, now.astimezone(SHANGHAI).date())
    return Response(view, headers={"Location": f"/v1/me/family/{member.id}"})


@delete("/v1/me/family/{member_id:uuid}", guards=[guards.talent])
async def remove(
    member_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> None:
    """删除一位家庭成员,其全部同意随之撤回;申请的历史保留。 Problems: 404."""
    await ending.remove(session, caller, member_id, now)


@get("/v1/me/consents", guards=[guards.talent])
async def consents(
    session: NamedDependency[AsyncSession], caller: NamedDependency[Caller]
) -> ConsentsView:
    """同意记录,含已撤回的。"""
    rows = await consenting.ledger(session, caller.person_id)
    return ConsentsView([views.consent(row) for row in rows])


@post("/v1/me/consents/{consent_id:uuid}/withdraw", guards=[guards.talent], status_code=200)
async def withdraw(
    consent_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> ConsentView:
    """撤回一项同意;所依据的家庭成员随之删除。 Problems: 404, 409 `consent-withdrawn`."""
    return views.consent(await ending.withdraw(session, caller, consent_id, now))


@get("/v1/me/municipal-cards", guards=[guards.talent])
async def municipal_cards(
    session: NamedDependency[AsyncSession], caller: NamedDependency[Caller]
) -> MunicipalsView:
    """我登记的市级人才卡。"""
    rows = await declaring.of_person(session, caller.person_id)
    return MunicipalsView([views.municipal(row) for row in rows])


@post("/v1/me/municipal-cards", guards=[guards.talent])
async def declare(
    data: Declare,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> MunicipalView:
    """登记持有的市级人才卡;相同服务不重复享受。 Problems: 409 `municipal-card-exists`, 422."""
    if caller.person_id is None:
        raise NotFound("请先提出办卡申请,登记本人信息后再登记市级人才卡。")
    return views.municipal(await declaring.declare(session, caller, data, now))


@delete("/v1/me/municipal-cards/{card_id:uuid}", guards=[guards.talent])
async def end(
    card_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> None:
    """删除登记的市级人才卡。 Problems: 404."""
    await declaring.end(session, caller, card_id, now)


@put("/v1/me/municipal-choices/{offering:str}", guards=[guards.talent])
async def choose(
    offering: FromPath[str],
    data: Choose,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Choose:
    """两卡都有的服务,今年用哪张卡;本年度第一次使用后不能改。

    Problems: 404, 409 `municipal-choice-locked`, `nothing-to-choose`, 422.
    """
    await declaring.choose(session, caller, offering, data, now)
    return data


ROUTES: list[Any] = [
    family, add, remove, consents, withdraw, municipal_cards, declare, end, choose, *pages.ROUTES,
]  # fmt: skip
