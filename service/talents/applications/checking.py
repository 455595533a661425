"""What an application must be, whoever hands it on."""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from stdnum.cn import uscc

from events.base import type_of
from events.log import events
from events.of_applications import ApplicationDrafted
from service.pages.show import SHANGHAI
from service.problems import FieldError, InvalidBody
from service.talents.applications import categories, steps
from service.talents.applications.application import Application
from service.talents.applications.categories import Category
from service.talents.models import Person, Unit


async def check(
    session: AsyncSession, application: Application, person: Person, now: datetime
) -> Category:
    """The dates lie ahead and suit the category, the age is within its limit; else InvalidBody.

    The age is that of the day of handing in: nobody grows too old on a desk, or while mending.
    """
    today = now.astimezone(SHANGHAI).date()
    category = await category_of(session, application.category)
    aged_on = await _handed_in_on(session, application) or today
    if wrong := _faults(application, category, person, today, aged_on):
        raise InvalidBody(*wrong)
    return category


async def _handed_in_on(session: AsyncSession, application: Application) -> date | None:
    """The day on which it left its talent for the first time; None while it is a draft."""
    if application.step == steps.DRAFT:
        return None
    first = select(func.min(events.c.at)).where(
        events.c.subject == f"applications/{application.id}",
        events.c.type != type_of(ApplicationDrafted),
    )
    at: datetime | None = await session.scalar(first)
    return at.astimezone(SHANGHAI).date() if at else None


def _faults(
    application: Application, category: Category, person: Person, today: date, aged_on: date
) -> list[FieldError]:
    wrong = []
    for name in ("contract_until", "management_until"):
        given: date | None = getattr(application, name)
        if given is not None and given < today:
            wrong.append(FieldError(f"/{name}", "past", "这一天已经过去,请填写现行的期限。"))
    if application.management_until and "management_period" not in category.validity:
        advice = "这一类别不按管理期确定有效期,请去掉管理期。"
        wrong.append(FieldError("/management_until", "not-for-category", advice))
    if application.by_quota and not category.has_quota:
        advice = "这一类别没有企业名额,请改选评审途径。"
        wrong.append(FieldError("/by_quota", "not-for-category", advice))
    if person.born_on and person.born_on > today:
        wrong.append(FieldError("/person/id_number", "invalid", "出生日期晚于今天,请核对。"))
    if category.too_old(person.born_on, aged_on):
        advice = f"这一类别的申请人年龄不超过 {category.age_limit} 周岁。"
        wrong.append(FieldError("/category", "too-old", advice))
    return wrong


async def category_of(session: AsyncSession, number: int) -> Category:
    """The category of that number; raises InvalidBody."""
    found = (await categories.of(session)).get(number)
    if found is None:
        raise InvalidBody(FieldError("/category", "unknown", "没有这个人才类别。"))
    return found


async def unit_of(session: AsyncSession, code: str) -> Unit:
    """The unit with that 统一社会信用代码; raises InvalidBody."""
    code = code.strip().upper()
    if not uscc.is_valid(code):
        advice = "统一社会信用代码不对,请核对 18 位代码和校验位。"
        raise InvalidBody(FieldError("/unit_uscc", "invalid", advice))
    found: Unit | None = await session.scalar(select(Unit).where(Unit.uscc == code))
    if found is None:
        advice = "没有登记的用人单位,请核对代码,或请单位先到人社窗口登记。"
        raise InvalidBody(FieldError("/unit_uscc", "unknown", advice))
    return found
