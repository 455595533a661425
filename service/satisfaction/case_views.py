"""A bad rating as 专家中心 and as the rated agency see it (api.md 6.2, satisfaction.md G7)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.partners.models import Partner
from service.reference import regions
from service.satisfaction import case_queries, names, rules
from service.satisfaction.figures import GRADE_NAMES
from service.satisfaction.masking import masked
from service.satisfaction.models import BadRating, CallBack, CaseState, Rating
from service.satisfaction.promises import local, local_or_none
from service.talents.models import Person


class TagView(msgspec.Struct, frozen=True):
    """A ready-made remark."""

    code: str
    text: str


class Rater(msgspec.Struct, frozen=True):
    """Whom to call; told to 专家中心 alone, and only while the case is open."""

    name: str
    phone: str | None


class TryView(msgspec.Struct, frozen=True):
    """One try to reach the rater."""

    tried_at: datetime
    reached: bool
    verdict: str
    note: str


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """A bad rating's case. What says who rated is null for the rated agency."""

    id: str
    state: str
    allowed: list[str]
    offering: str
    offering_name: str
    region: str
    region_name: str
    partner: str
    partner_name: str
    grade: int
    grade_name: str
    tags: list[TagView]
    comment: str | None
    verdict: str | None
    rectify_due_at: datetime | None
    rectified_at: datetime | None
    plan: str | None
    proof: str | None
    proof_files: list[str]
    ruling: str | None
    ruling_note: str | None
    closed_at: datetime | None
    overdue: bool
    about: str | None = None
    rated_at: datetime | None = None
    opened_at: datetime | None = None
    call_back_due_at: datetime | None = None
    called_back_at: datetime | None = None
    attempts: int | None = None
    tries: list[TryView] | None = None
    rater: Rater | None = None


def overdue(case: BadRating, now: datetime) -> bool:
    """Whether the step that the case waits for should have been taken."""
    if case.state == CaseState.OPEN:
        return case.call_back_due_at <= now
    waits = case.state == CaseState.RECTIFYING and case.rectify_due_at is not None
    return bool(waits and case.rectify_due_at and case.rectify_due_at <= now)


class Words:
    """The names and texts that views of cases need, read once for a page of them."""

    def __init__(
        self,
        offerings: dict[str, str],
        partners: dict[UUID, str],
        places: regions.Regions,
        tags: dict[str, str],
    ) -> None:
        self.offerings, self.partners, self.places, self.tags = offerings, partners, places, tags


async def words(session: AsyncSession, ratings: Sequence[Rating]) -> Words:
    """The names and texts for these ratings."""
    found = await session.execute(
        select(Partner.id, Partner.name).where(Partner.id.in_({r.partner_id for r in ratings}))
    )
    tags = await rules.tags(session)
    return Words(
        await names.offerings(session),
        {partner_id: name for partner_id, name in found},
        await regions.of(session),
        {code: tag.text for code, tag in tags.items()},
    )


def _shared(case: BadRating, rating: Rating, known: Words, now: datetime) -> dict[str, Any]:
    return {
        "id": str(case.id),
        "state": case.state,
        "offering": rating.offering,
        "offering_name": known.offerings.get(rating.offering, rating.offering),
        "region": rating.region,
        "region_name": known.places.full_name(rating.region),
        "partner": str(rating.partner_id),
        "partner_name": known.partners.get(rating.partner_id, ""),
        "grade": rating.grade,
        "grade_name": GRADE_NAMES[rating.grade],
        "tags": [TagView(code, known.tags.get(code, code)) for code in rating.tags],
        "verdict": case.verdict,
        "rectify_due_at": local_or_none(case.rectify_due_at),
        "rectified_at": local_or_none(case.rectified_at),
        "plan": case.plan,
        "proof": case.proof,
        "proof_files": case.proof_files or [],
        "ruling": case.ruling,
        "ruling_note": case.ruling_note,
        "closed_at": local_or_none(case.closed_at),
        "overdue": overdue(case, now),
    }


def for_centre(
    case: BadRating,
    rating: Rating,
    known: Words,
    now: datetime,
    tries: Sequence[CallBack] | None = None,
    rater: Rater | None = None,
) -> CaseView:
    """The whole case."""
    told = None
    if tries is not None:
        told = [TryView(local(t.tried_at), t.reached, t.verdict, t.note) for t in tries]
    return CaseView(
        **_shared(case, rating, known, now),
        allowed=list(case.centre_acts()),
        comment=rating.comment,
        about=rating.about,
        rated_at=local(rating.rated_at),
        opened_at=local(case.opened_at),
        call_back_due_at=local(case.call_back_due_at),
        called_back_at=local_or_none(case.called_back_at),
        attempts=case.attempts,
        tries=told,
        rater=rater,
    )


def for_agency(
    case: BadRating, rating: Rating, known: Words, now: datetime, rater_name: str
) -> CaseView:
    """What the rated agency sees: never who rated, which request, or when (G7)."""
    shared = _shared(case, rating, known, now)
    comment = masked(rating.comment, [rater_name])
    return CaseView(**shared, allowed=list(case.agency_acts()), comment=comment)


async def views(
    session: AsyncSession,
    found: Sequence[tuple[BadRating, Rating]],
    caller: Caller,
    now: datetime,
) -> list[CaseView]:
    """Cases of a list, as the caller may see them."""
    known = await words(session, [rating for _, rating in found])
    if caller.has(Role.CENTRE):
        return [for_centre(case, rating, known, now) for case, rating in found]
    people = await _people(session, [rating for _, rating in found])
    return [
        for_agency(case, rating, known, now, people[rating.person_id].name)
        for case, rating in found
    ]


async def view(
    session: AsyncSession, case: BadRating, rating: Rating, caller: Caller, now: datetime
) -> CaseView:
    """One case with its tries, and for 专家中心 whom to call while it is open."""
    known = await words(session, [rating])
    person = (await _people(session, [rating]))[rating.person_id]
    if not caller.has(Role.CENTRE):
        return for_agency(case, rating, known, now, person.name)
    rater = Rater(person.name, person.phone) if case.state == CaseState.OPEN else None
    tries = await case_queries.tries(session, case)
    return for_centre(case, rating, known, now, tries, rater)


async def _people(session: AsyncSession, ratings: Sequence[Rating]) -> dict[UUID, Person]:
    query = select(Person).where(Person.id.in_({r.person_id for r in ratings}))
    return {person.id: person for person in (await session.scalars(query)).all()}
