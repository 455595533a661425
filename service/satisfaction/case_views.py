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
from service.satisfaction import adding, case_queries, names, rules
from service.satisfaction.figures import GRADE_NAMES
from service.satisfaction.masking import masked
from service.satisfaction.models import BadRating, CallBack, CaseState, Rating, RatingAddition
from service.satisfaction.promises import local, local_or_none
from service.talents.models import Person


class TagView(msgspec.Struct, frozen=True):
    """A ready-made remark."""

    code: str
    text: str


class Rater(msgspec.Struct, frozen=True):
    """Whom to call: told to 专家中心 while the case is open, to the agency by consent only (G7)."""

    name: str
    phone: str | None


class TryView(msgspec.Struct, frozen=True):
    """One try to reach the rater."""

    tried_at: datetime
    reached: bool
    verdict: str
    note: str


class AddedView(msgspec.Struct, frozen=True):
    """What the rater added later: a supplement, or a follow-up with its own grade (G5)."""

    kind: str
    grade: int | None
    grade_name: str | None
    tags: list[TagView]
    comment: str | None
    added_at: datetime | None


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
    step_due_at: datetime | None
    appeal: str | None
    appeal_files: list[str]
    appealed_at: datetime | None
    appeal_decision: str | None
    appeal_note: str | None
    additions: list[AddedView]
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
    return case.step_due_at is not None and case.step_due_at <= now


class Words:
    """The names and texts that views of cases need, read once for a page of them."""

    def __init__(
        self,
        offerings: dict[str, str],
        partners: dict[UUID, str],
        places: regions.Regions,
        tags: dict[str, str],
        added: dict[UUID, list[RatingAddition]],
    ) -> None:
        self.offerings, self.partners, self.places, self.tags = offerings, partners, places, tags
        self.added = added

    def tag_views(self, codes: Sequence[str]) -> list[TagView]:
        """Ready-made remarks with their texts."""
        return [TagView(code, self.tags.get(code, code)) for code in codes]


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
        await adding.of(session, [rating.id for rating in ratings]),
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
        "tags": known.tag_views(rating.tags),
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
        "step_due_at": local_or_none(case.step_due_at),
        "appeal": case.appeal,
        "appeal_files": case.appeal_files or [],
        "appealed_at": local_or_none(case.appealed_at),
        "appeal_decision": case.appeal_decision,
        "appeal_note": case.appeal_note,
    }


def _added(rating: Rating, known: Words, hide: Sequence[str] | None = None) -> list[AddedView]:
    """What was added; for the agency without names, numbers and times (G7)."""
    return [
        AddedView(
            each.kind,
            each.grade,
            GRADE_NAMES[each.grade] if each.grade else None,
            known.tag_views(each.tags),
            each.comment if hide is None else masked(each.comment, hide),
            local(each.added_at) if hide is None else None,
        )
        for each in known.added.get(rating.id, ())
    ]


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
        additions=_added(rating, known),
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
    case: BadRating, rating: Rating, known: Words, now: datetime, person: Person
) -> CaseView:
    """What the rated agency sees: never who rated, which request, or when (G7).

    With the rater's consent, given in the call-back, whom to turn to and which matter it was.
    """
    hide = [person.name]
    more: dict[str, Any] = {}
    if case.consented:
        more = {"rater": Rater(person.name, person.phone), "about": rating.about}
    return CaseView(
        **_shared(case, rating, known, now),
        **more,
        allowed=list(case.agency_acts()),
        comment=masked(rating.comment, hide),
        additions=_added(rating, known, hide),
    )


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
        for_agency(case, rating, known, now, people[rating.person_id]) for case, rating in found
    ]


async def view(
    session: AsyncSession, case: BadRating, rating: Rating, caller: Caller, now: datetime
) -> CaseView:
    """One case with its tries, and for 专家中心 whom to call while it is open."""
    known = await words(session, [rating])
    person = (await _people(session, [rating]))[rating.person_id]
    if not caller.has(Role.CENTRE):
        return for_agency(case, rating, known, now, person)
    rater = Rater(person.name, person.phone) if case.state == CaseState.OPEN else None
    tries = await case_queries.tries(session, case)
    return for_centre(case, rating, known, now, tries, rater)


async def _people(session: AsyncSession, ratings: Sequence[Rating]) -> dict[UUID, Person]:
    query = select(Person).where(Person.id.in_({r.person_id for r in ratings}))
    return {person.id: person for person in (await session.scalars(query)).all()}
