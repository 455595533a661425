"""Pages on which a holder chooses an offering and asks for it."""

import contextlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service import idempotency, ids
from service.auth import guards
from service.auth.callers import Caller
from service.idempotency import Claim
from service.offerings import queries as offerings
from service.offerings.entitlement import Facts
from service.offerings.models import OfferingVersion
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import page
from service.problems import NotFound, Problem
from service.reference import regions
from service.reference.regions import Regions
from service.requests import choices, entitlement, fields, papers, words
from service.requests.actions import submitting
from service.requests.actions.submitting import Submission
from service.requests.behalf import Whose, whose
from service.requests.entitlement import NotEntitled
from service.requests.fields import values
from service.requests.posting import beside, errors_of, under
from service.talents import masking
from service.talents.cards.card import Card
from service.talents.family import adding
from service.talents.family.beside import facts_of
from service.talents.family.models import FamilyMember
from service.worktime.hours import SHANGHAI

NEW = "/my/requests/new"
ONCE = b"a form is sent once"
"""What a form's key stands for: sent again, changed or not, it leads to what it made before."""


class Place(NamedTuple):
    """A city and what lies in it."""

    name: str
    places: list[tuple[str, str]]


class Offered(NamedTuple):
    """An offering to choose, or why not."""

    code: str
    name: str
    department: str
    accept_hours: int | None
    first_review_wd: int | None
    complete_wd: int | None
    why_not: str | None


@get(NEW, guards=[guards.holder_side], opt={"page": True}, include_in_schema=False)
async def new(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """选择事项,再填表。"""
    today = now.astimezone(SHANGHAI).date()
    code = request.query_params.get("offering")
    holder = await whose(session, caller, request.query_params.get("for"))
    if code:
        version = await _version(session, code, today)
        return await form_page(request, session, caller, version, now, holder)
    card = await card_of(session, holder.person_id)
    facts = await facts_of(session, card, now) if card else Facts()
    sector, q = request.query_params.get("sector", ""), request.query_params.get("q", "")[:100]
    sought = offerings.words_of(q)
    offered = [
        (version.sector, _offered(version, card, facts, today))
        for version in await offerings.in_force(session, today)
        if version.mode == "case"
        and not version.has_stopped(today)
        and all(word in version.search_text for word in sought)
    ]
    offered.sort(key=lambda each: each[1].why_not is not None)  # what is open comes first
    groups = [
        (name, [each for sector, each in offered if sector == code])
        for code, name in words.SECTORS.items()
        if sector not in words.SECTORS or code == sector
    ]
    return page(
        request,
        "requests/templates/new_choose.html",
        groups=[each for each in groups if each[1]],
        sectors=words.SECTORS,
        sector=sector,
        q=q,
        holder=holder,
    )


async def card_of(session: AsyncSession, person_id: UUID | None) -> Card | None:
    """The holder's live card."""
    query = select(Card).where(Card.person_id == person_id, Card.state.in_(submitting.LIVE))
    found: Card | None = await session.scalar(query)
    return found


def _offered(version: OfferingVersion, card: Card | None, facts: Facts, today: date) -> Offered:
    why_not = None
    try:
        entitlement.check(version, card, entitlement.beneficiaries_of(version, ()), today)
        entitlement.check_exclusions(version, facts)
    except NotEntitled as refusal:
        why_not = _why_not(version, refusal)
    return Offered(
        version.code,
        version.name_zh,
        version.department,
        version.accept_hours,
        version.first_review_wd,
        version.complete_wd,
        why_not,
    )


def _why_not(version: OfferingVersion, refusal: NotEntitled) -> str:
    match refusal.reason:
        case "window-closed":
            return f"受理时段 {words.window(version.window or '')}"
        case "category":
            return "不面向您的卡类别"
    return refusal.detail


async def _version(session: AsyncSession, code: str, today: date) -> OfferingVersion:
    version = await offerings.current(session, code.replace("\0", ""), today)
    if version is None or version.mode != "case":
        raise NotFound
    return version


async def form_page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    version: OfferingVersion,
    now: datetime,
    holder: Whose,
    given: FormSent | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """The form of one offering, with what was typed and what was wrong with it."""
    given = given or FormSent([])
    known = await regions.of(session)
    today = now.astimezone(SHANGHAI).date()
    card = await card_of(session, holder.person_id)
    family = await members_for(session, holder.person_id, version, today)
    shown = fields.of(
        version.form_schema,
        posted=given.texts,
        errors=under(errors_of(problem), "/form"),
        choices=await _choices(session, version, known, today),
    )
    return page(
        request,
        "requests/templates/new_form.html",
        problem=beside(problem, {"file", *(field.name for field in shown)}),
        version=version,
        holder=holder,
        fields=shown,
        errors=errors_of(problem),
        draft_id=given.uuid("_id") or ids.new_id(),
        places=places_of(known, today),
        region=given.text("_region") or (card.region if card else ""),
        family=family,
        kinds=kinds_of(version, family),
        chosen=given.texts.get("_for") or [kinds_of(version, family)[0][0]],
        papers=await papers.papers_of(session, caller, given),
    )


async def members_for(
    session: AsyncSession, person_id: UUID | None, version: OfferingVersion, today: date
) -> Sequence[FamilyMember]:
    """Those of the holder's family whom the offering is for."""
    found = []
    for member in await adding.of_person(session, person_id):
        with contextlib.suppress(NotEntitled):
            entitlement.check_ages([member], today)
            found.append(member)
    return [member for member in found if member.relation in version.beneficiaries]


def kinds_of(version: OfferingVersion, family: Sequence[FamilyMember]) -> list[tuple[str, str]]:
    """For whom it may be asked: who is on the family list by name, other kinds as such."""
    found = []
    for kind in version.beneficiaries:
        label = words.KINDS.get(kind, kind)
        named = [member for member in family if member.relation == kind]
        found += [(str(each.id), f"{label} {masking.name(each.name or '')}") for each in named]
        if not named:
            found.append((kind, label))
    return found


async def _choices(
    session: AsyncSession, version: OfferingVersion, known: Regions, today: date
) -> dict[str, Sequence[tuple[str, str]]]:
    found: dict[str, Sequence[tuple[str, str]]] = {"region": counties_of(known, today)}
    if "bank" in version.form_schema.get("properties", {}):
        banks = await choices.banks_for(session, version.code)
        found["bank"] = found["banks"] = [(str(key), name) for key, name in banks]
    return found


def places_of(known: Regions, today: date) -> list[Place]:
    """Each city with itself and its counties, in the order of their codes."""
    found = []
    for city in known.cities(today):
        inside = sorted(code for code in known.children(city.code) if code != city.code)
        counties = [(code, known.name(code)) for code in inside if known.is_current(code, today)]
        found.append(Place(city.name, [(city.code, f"{city.name}(市级)"), *counties]))
    return found


def counties_of(known: Regions, today: date) -> list[tuple[str, str]]:
    """Every city and county to choose from, with its full name."""
    places = [place for city in places_of(known, today) for place in city.places]
    return [(code, known.full_name(code)) for code, _ in places]


@post(
    NEW, guards=[guards.holder_side], opt={"page": True}, include_in_schema=False, status_code=303
)
async def submit(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """提交;有误时原样显示并逐项提示。"""
    code = request.query_params.get("offering", "")
    version = await _version(session, code, now.astimezone(SHANGHAI).date())
    holder = await whose(session, caller, request.query_params.get("for"))
    given = await sent(request)
    claim = Claim(caller.id, f"page {given.uuid('_id') or ids.new_id()}", ONCE)
    await idempotency.begin(session, claim)
    submitted: list[UUID] = []
    problem = await papers.keep_uploads(session, caller, given, now)
    problem = problem or await attempt(
        session, _submit(session, caller, asked_of(version, given, holder), now, submitted)
    )
    if problem:
        return await form_page(request, session, caller, version, now, holder, given, problem)
    answer = Redirect(f"/my/requests/{submitted[0]}?done=submitted", status_code=303)
    rendered = answer.to_asgi_response(app=None, request=request, status_code=303)
    await idempotency.keep(session, claim, rendered, now)
    return answer


def asked_of(version: OfferingVersion, given: FormSent, holder: Whose) -> Submission:
    """What the form asks for."""
    return Submission(
        offering=version.code,
        region=given.text("_region"),
        form=values(version.form_schema, given.texts),
        beneficiaries=given.texts.get("_for", []),
        files=papers.ids_of(given),
        on_behalf_of=holder.card_id,
    )


async def _submit(
    session: AsyncSession, caller: Caller, asked: Submission, now: datetime, into: list[UUID]
) -> None:
    into.append((await submitting.submit(session, caller, asked, now)).request.id)


ROUTES = [new, submit]
