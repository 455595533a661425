"""专家中心's pages of who gets what where: the rules, how much each was given, a draft on trial."""

from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.auth.models import Account
from service.editing.models import OPEN, RulesDraft
from service.editing.rules import drafting, trial
from service.editing.rules.drafting import RulesDrafting
from service.offerings import queries
from service.offerings.models import Offering, OfferingVersion
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import SHANGHAI, page
from service.partners.models import Partner
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.reference import regions
from service.reference.tables import PROVINCE, Row
from service.requests import rules
from service.requests.actions.routing import given_of
from service.requests.new_pages import counties_of
from service.requests.weighing import NOTHING
from service.satisfaction import names

LIST, DRAFTS = "/centre/routing", "/centre/routing/drafts"
PAGE: dict[str, Any] = {
    "guards": [roles(Role.CENTRE)],
    "opt": {"page": True},
    "include_in_schema": False,
}
STATES = {"open": "待发布", "published": "已发布", "dropped": "已放弃"}
BLANK = 2
"""So many empty lines are offered for partners that come new."""


@get(LIST, **PAGE)
async def overview(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """每个事项由几家承接,哪些没有人承接。"""
    today = now.astimezone(SHANGHAI).date()
    shown = [v for v in await queries.in_force(session, today) if v.mode == "case"]
    found: dict[str, set[UUID]] = {}
    for rule in await rules.in_force(session):
        if rule.valid_to is None or rule.valid_to >= today:
            found.setdefault(rule.offering, set()).add(rule.partner_id)
    drafts = await session.scalars(select(RulesDraft).where(RulesDraft.state == OPEN))
    return page(
        request,
        "editing/templates/rules.html",
        versions=shown,
        partners={code: len(each) for code, each in found.items()},
        drafts={each.offering: each for each in drafts},
    )


@get(LIST + "/{code:str}", **PAGE)
async def of_offering(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一个事项的派单规则,和改它的表。"""
    return await show_offering(request, session, code, now)


async def show_offering(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    code: str,
    now: datetime,
    problem: Problem | None = None,
    given: FormSent | None = None,
) -> Response[Any]:
    """The rules in force with what each partner was given; the form begins with them."""
    name = await _name(session, code)
    in_force = await drafting.of_offering(session, code)
    counted = await given_of(session, code, now)
    silent = select(Partner.id).where(Partner.silent_since.is_not(None))
    return page(
        request,
        "editing/templates/rules_offering.html",
        problem=problem,
        code=code,
        offering=name,
        in_force=in_force,
        counted={rule.partner_id: counted.get(rule.partner_id, NOTHING) for rule in in_force},
        silent=set(await session.scalars(silent)),
        draft=await drafting.open_of(session, code),
        **await _form(session, _rows(in_force, given), now, given),
    )


def _rows(in_force: Sequence[rules.Rule], given: FormSent | None) -> list[Row]:
    return rows_of(given) if given else [rules.row_of(rule, {}) for rule in in_force]


@post(LIST + "/{code:str}", **PAGE, status_code=303)
async def begin(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """起草。"""
    given = await sent(request)
    made: list[RulesDraft] = []

    async def act() -> None:
        made.append(await drafting.begin(session, code, caller, drafted_of(given), now))

    if problem := await attempt(session, act()):
        return await show_offering(request, session, code, now, problem, given)
    return Redirect(f"{DRAFTS}/{made[0].id}", status_code=303)


@get(DRAFTS + "/{draft_id:uuid}", **PAGE)
async def draft(
    request: Request[Any, Any, Any],
    draft_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一份草稿:改了什么,上个月会怎么派,发布或放弃。"""
    return await show_draft(request, session, draft_id, caller, now)


async def show_draft(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    draft_id: UUID,
    caller: Caller,
    now: datetime,
    problem: Problem | None = None,
    given: FormSent | None = None,
) -> Response[Any]:
    """The draft with what is open to the caller."""
    kept = await session.get(RulesDraft, draft_id)
    if kept is None:
        raise NotFound
    hands = [kept.drafted_by, kept.decided_by]
    people = await session.execute(
        select(Account.id, Account.name).where(Account.id.in_([each for each in hands if each]))
    )
    typed = given or FormSent([("why", kept.why)])
    return page(
        request,
        "editing/templates/rules_draft.html",
        problem=problem,
        each=kept,
        acts=kept.acts(caller.account_id),
        people={key: name for key, name in people},
        offering=await _name(session, kept.offering),
        states=STATES,
        run=await trial.of_draft(session, kept, now) if kept.state == OPEN else None,
        **await _form(session, rows_of(given) if given else kept.rows, now, typed),
    )


@post(DRAFTS + "/{draft_id:uuid}", **PAGE, status_code=303)
async def act(
    request: Request[Any, Any, Any],
    draft_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """修改、发布、放弃。"""
    given = await sent(request)
    if problem := await attempt(session, _act(session, draft_id, caller, given, now)):
        typed = given if given.text("do") == "change" else None
        return await show_draft(request, session, draft_id, caller, now, problem, typed)
    return Redirect(f"{DRAFTS}/{draft_id}", status_code=303)


def _act(
    session: AsyncSession, draft_id: UUID, by: Caller, given: FormSent, now: datetime
) -> Awaitable[RulesDraft]:
    match given.text("do"):
        case "change":
            wanted = drafted_of(given)
            return drafting.change(session, draft_id, by, given.revision, wanted, now)
        case "publish":
            return drafting.publish(session, draft_id, by, given.revision, now)
        case "drop":
            return drafting.drop(session, draft_id, by, given.revision, now)
    raise NotFound


async def _name(session: AsyncSession, code: str) -> str:
    """What a handled offering is called, also while it is only drafted; raises NotFound."""
    plain = code.replace("\0", "")
    query = select(OfferingVersion).where(OfferingVersion.code == plain)
    newest = await session.scalar(query.order_by(OfferingVersion.version.desc()).limit(1))
    if newest is None and await session.get(Offering, plain) is None:
        raise NotFound
    if newest is not None and newest.mode != "case":
        raise NotFound
    return newest.name_zh if newest else plain


async def _form(
    session: AsyncSession, rows: Sequence[Row], now: datetime, given: FormSent | None
) -> dict[str, Any]:
    known = await regions.of(session)
    partners = await session.execute(select(Partner.id, Partner.name).order_by(Partner.name))
    today = now.astimezone(SHANGHAI).date()
    return {
        "rows": [*rows, *[dict.fromkeys(trial.DATA, "")] * BLANK],
        "titles": trial.TITLES,
        "partners": [(str(key), name) for key, name in partners],
        "places": [(PROVINCE, known.name(PROVINCE)), *counties_of(known, today)],
        "full_name": known.full_name,
        "partner_names": await names.partners(session),
        "why": given.text("why") if given else "",
    }


def drafted_of(given: FormSent) -> RulesDrafting:
    """What the form says; raises InvalidBody where nothing says why."""
    why = given.text("why")[:500]
    if len(why) < 2:
        raise InvalidBody(FieldError("/why", "missing", "请写明为什么改。"))
    return RulesDrafting(rows_of(given), why)


def rows_of(given: FormSent) -> list[Row]:
    """The lines that name a partner."""
    columns = {name: given.texts.get(name, []) for name in trial.DATA}
    lines = [
        {
            name: texts[at].strip()[:100] if at < len(texts) else ""
            for name, texts in columns.items()
        }
        for at in range(len(columns["partner"]))
    ]
    return [line for line in lines if line["partner"]]


ROUTES: list[Any] = [overview, of_offering, begin, draft, act]
