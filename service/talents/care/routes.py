"""Doors of the one-to-one service: whose steward is who, absences, hand-over (api.md 2.3)."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller, Role
from service.reference import regions
from service.talents.care import absences, handing, queries, specialists
from service.talents.care.absences import Away
from service.talents.care.handing import HandOver
from service.talents.care.models import Absence
from service.talents.care.queries import Carers, Steward
from service.talents.care.specialists import Specialist, SpecialistLeaves, Taken

managing = guards.roles(Role.UNIT_MANAGER)
arranging = guards.roles(Role.STEWARD, Role.CENTRE)


class AbsenceView(msgspec.Struct, frozen=True):
    """一次离岗。`state`: noted 未开始, lasts 进行中, ended 已结束。"""

    id: UUID
    steward_id: UUID
    deputy_id: UUID
    begins_on: date
    ends_on: date
    state: str


def view_of(absence: Absence) -> AbsenceView:
    """As those who arrange it see it."""
    state = "ended" if absence.ended_at else "lasts" if absence.began_at else "noted"
    return AbsenceView(
        absence.id, absence.account_id, absence.deputy_id, absence.begins_on, absence.ends_on,
        state,
    )  # fmt: skip


class Stewards(msgspec.Struct, frozen=True):
    """本区域的服务专员。"""

    items: list[Steward]


class HandedOver(msgspec.Struct, frozen=True):
    """移交了多少位持卡人。"""

    holders: int


@get("/v1/me/carers", guards=[guards.talent])
async def carers(session: NamedDependency[AsyncSession], caller: NamedDependency[Caller]) -> Carers:
    """谁在一对一照看我。"""
    return await queries.of_person(session, caller.person_id)


@get("/v1/stewards", guards=[arranging])
async def stewards(
    session: NamedDependency[AsyncSession], caller: NamedDependency[Caller]
) -> Stewards:
    """可安排的服务专员:专家中心看本区域,服务专员看可代班的同事。"""
    return Stewards(await queries.stewards(session, await reach_of(session, caller)))


async def reach_of(session: AsyncSession, caller: Caller) -> frozenset[str]:
    """The regions whose stewards the caller may see: below the centre, at or above a steward."""
    known = await regions.of(session)
    places = frozenset[str]()
    for place in caller.regions(Role.CENTRE):
        places |= known.children(place)
    for place in caller.regions(Role.STEWARD):
        places |= frozenset(known.chain(place))
    return places


@post("/v1/absences", guards=[arranging])
async def note_absence(
    data: Away,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> AbsenceView:
    """登记离岗和代班人;期间代班人看到并办理其全部人才的事。 Problems: 404, 422."""
    return view_of(await absences.note(session, caller, data, now))


@post("/v1/absences/{absence_id:uuid}/end", guards=[arranging], status_code=200)
async def end_absence(
    absence_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> AbsenceView:
    """提前返岗或取消。 Problems: 404."""
    return view_of(await absences.end(session, caller, absence_id, now))


@post(
    "/v1/stewards/{steward_id:uuid}/hand-over",
    guards=[guards.roles(Role.CENTRE)],
    status_code=200,
)
async def hand_over(
    steward_id: FromPath[UUID],
    data: HandOver,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> HandedOver:
    """离任移交:其全部人才连同在办的申请一次交给接手人,人才收到通知。 Problems: 404, 422."""
    return HandedOver(await handing.hand_over(session, caller, steward_id, data, now))


@post("/v1/cards/{card_id:uuid}/specialist", guards=[managing], status_code=200)
async def set_specialist(
    card_id: FromPath[UUID],
    data: Specialist,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Specialist:
    """为本单位一位持卡人指定服务专员。 Problems: 404, 422."""
    await specialists.set_for(session, caller, card_id, data, now)
    return data


@post("/v1/unit/specialists/hand-over", guards=[managing], status_code=200)
async def specialist_leaves(
    data: SpecialistLeaves,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Taken:
    """单位服务专员离任:其持卡人和在办的办卡申请一次交给接手人。 Problems: 422."""
    return await specialists.hand_over(session, caller, data, now)


ROUTES = [
    carers, stewards, note_absence, end_absence, hand_over, set_specialist, specialist_leaves,
]  # fmt: skip
