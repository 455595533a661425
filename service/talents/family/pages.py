"""家庭成员与市级人才卡: the page on which a holder adds, removes and consents."""

from datetime import datetime
from typing import Any, get_args

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.reference import regions, tables
from service.talents.documents import IdKind
from service.talents.family import adding, consenting, declaring, ending, municipal, views
from service.talents.family.adding import GivenMember
from service.talents.family.consenting import Consenting
from service.talents.family.declaring import Declare
from service.worktime.hours import SHANGHAI

PATH = "/my/family"
TEMPLATE = "talents/templates/family.html"
PAGE: dict[str, Any] = {
    "guards": [guards.talent], "opt": {"page": True}, "include_in_schema": False,
}  # fmt: skip
RELATIONS = {"spouse": "配偶", "child": "子女", "parent": "父母"}
ID_KINDS = {
    "resident_id": "居民身份证",
    "passport": "护照",
    "hmt_permit": "港澳台居民来往大陆(内地)通行证",
    "hmt_residence": "港澳台居民居住证",
    "foreign_pr": "外国人永久居留身份证",
}
DONE = {
    "added": "已添加,同意记录已保存。",
    "removed": "已删除,相关同意已撤回。",
    "declared": "已登记市级人才卡,可在“我的权益”中看各项用哪张卡。",
    "ended": "已删除登记的市级人才卡。",
}


@get(PATH, **PAGE)
async def family_page(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """家庭成员、同意记录、市级人才卡。"""
    return await show(request, session, caller, now)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    now: datetime,
    problem: Problem | None = None,
    given: FormSent | None = None,
) -> Response[Any]:
    """The list with what was typed and what was wrong with it."""
    today = now.astimezone(SHANGHAI).date()
    known = await regions.of(session)
    members = await adding.of_person(session, caller.person_id)
    consents = [views.consent(row) for row in await consenting.ledger(session, caller.person_id)]
    cards = [views.municipal(row) for row in await declaring.of_person(session, caller.person_id)]
    rows = await tables.rows_of(session, municipal.TABLE)
    return page(
        request,
        TEMPLATE,
        problem=problem,
        told=DONE.get(request.query_params.get("done", "")),
        family=views.family(members, today),
        consents=consents,
        cards=cards,
        cities=[(city.code, city.name) for city in known.cities(today)],
        tiers={city: tiers for city, tiers in municipal.tiers_of(rows).items() if tiers != ["-"]},
        place=known.name,
        typed=given.firsts if given else {},
        relations=RELATIONS,
        id_kinds={kind: ID_KINDS.get(kind, kind) for kind in get_args(IdKind)},
    )


def member_of(given: FormSent) -> GivenMember:
    """What the form says; raises InvalidBody."""
    asked = {
        "relation": given.text("relation"),
        "name": given.text("name"),
        "id_kind": given.text("id_kind"),
        "id_number": given.text("id_number"),
        "born_on": given.day("born_on"),
        "consent": Consenting(
            given.text("version") or None,
            bool(given.text("guardian")),
            bool(given.text("informed")),
        ),
    }
    try:
        return msgspec.convert(asked, GivenMember, from_attributes=True)
    except msgspec.ValidationError as wrong:
        raise InvalidBody(FieldError("", "invalid", "请把关系、姓名、证件填写完整。")) from wrong


def card_of(given: FormSent) -> Declare:
    """What the form says; raises InvalidBody."""
    asked = {
        "region": given.text("region"),
        "tier": given.text("tier") or None,
        "valid_until": given.day("valid_until"),
    }
    try:
        return msgspec.convert(asked, Declare)
    except msgspec.ValidationError as wrong:
        raise InvalidBody(FieldError("/region", "invalid", "请选择市。")) from wrong


@post(PATH + "/{act:str}", **PAGE, status_code=303)
async def act(
    request: Request[Any, Any, Any],
    act: FromPath[str],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """添加、删除家庭成员,登记、删除市级人才卡。"""
    given = await sent(request)
    if act not in DONE:
        raise NotFound
    if problem := await attempt(session, _do(act, session, caller, given, now)):
        return await show(request, session, caller, now, problem, given)
    return Redirect(f"{PATH}?done={act}", status_code=303)


async def _do(
    name: str, session: AsyncSession, caller: Caller, given: FormSent, now: datetime
) -> None:
    if name in ("added", "declared") and caller.person_id is None:
        raise NotFound("请先提出办卡申请,登记本人信息后再填写。")
    one = given.uuid("id")
    if name == "added":
        await adding.add(session, caller, member_of(given), now)
    elif name == "declared":
        await declaring.declare(session, caller, card_of(given), now)
    elif one is None:
        raise NotFound
    elif name == "removed":
        await ending.remove(session, caller, one, now)
    else:
        await declaring.end(session, caller, one, now)


ROUTES: list[Any] = [family_page, act]
