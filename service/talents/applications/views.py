"""What each reader sees of an application (api.md 3.2, 3.3)."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.auth.models import Account
from service.pages.show import SHANGHAI
from service.talents import masking, queries
from service.talents.applications import (
    categories,
    changes,
    evidence,
    holding,
    returns,
    steps,
)
from service.talents.applications.application import Application
from service.talents.applications.changes import MissingView
from service.talents.applications.evidence import Evidence
from service.talents.cards.card import Card
from service.talents.models import Person, Unit


class UnitView(msgspec.Struct, frozen=True):
    """The employer."""

    id: UUID
    uscc: str
    name: str
    level: str
    region: str


class PersonView(msgspec.Struct, frozen=True):
    """The applicant; numbers are masked, the name is whole for those who handle the file."""

    name: str
    id_kind: str
    id_number: str
    phone: str | None
    address: str | None
    born_on: date | None


class SpecialistView(msgspec.Struct, frozen=True):
    """Who completes it."""

    id: UUID
    name: str


class ApplicationSummary(msgspec.Struct, frozen=True):
    """One line of a list."""

    id: UUID
    step: str
    step_name: str
    category: int
    name: str
    unit: str
    region: str
    created_at: datetime
    step_since: datetime
    returned_by: str | None
    mend_at: str | None
    due_at: datetime | None
    times_returned: int


class ApplicationView(msgspec.Struct, frozen=True):
    """The whole file. `returned_by` and `mend_at` while it is returned: who asks, who mends.

    `due_at` is when whoever has it should have acted; `missing` what a return asks for.
    `by_quota`: on the place of its enterprise (guide.md 2.2).
    """

    id: UUID
    step: str
    step_name: str
    category: int
    category_name: str
    region: str
    unit: UnitView
    unit_uscc: str
    person: PersonView
    contract_until: date | None
    management_until: date | None
    evidence: list[Evidence]
    evidence_expected: Sequence[str]
    by_quota: bool
    specialist: SpecialistView | None
    path: list[str]
    returned_by: str | None
    mend_at: str | None
    card_id: UUID | None
    created_at: datetime
    step_since: datetime
    due_at: datetime | None
    missing: list[MissingView]
    allowed: list[str]


def local(moment: datetime) -> datetime:
    """An instant as people here read it (api.md 1.1)."""
    return moment.astimezone(SHANGHAI)


def person_view(person: Person, *, whole: bool) -> PersonView:
    """The applicant as a reader sees them."""
    return PersonView(
        name=person.name if whole else masking.name(person.name),
        id_kind=person.id_kind,
        id_number=masking.id_number(person.id_number),
        phone=masking.phone(person.phone),
        address=person.address if whole else None,
        born_on=person.born_on if whole else None,
    )


def unit_view(unit: Unit) -> UnitView:
    """The employer as everybody sees it."""
    return UnitView(unit.id, unit.uscc, unit.name, unit.level, unit.region)


async def view_of(
    session: AsyncSession, caller: Caller, application: Application
) -> ApplicationView:
    """The whole file for one reader."""
    person = await session.get_one(Person, application.person_id)
    unit = await session.get_one(Unit, application.unit_id)
    category = (await categories.of(session))[application.category]
    card = select(Card.id).where(Card.application_id == application.id)
    return ApplicationView(
        id=application.id,
        step=application.step,
        step_name=steps.TITLES[application.step],
        category=application.category,
        category_name=category.name_zh,
        region=application.region,
        unit=unit_view(unit),
        unit_uscc=unit.uscc,
        person=person_view(person, whole=holding.sees_names(caller, application)),
        contract_until=application.contract_until,
        management_until=application.management_until,
        evidence=evidence.shown(application.evidence),
        evidence_expected=category.evidence,
        by_quota=application.by_quota,
        specialist=await _specialist(session, application),
        path=application.path,
        returned_by=returned_by(application),
        mend_at=application.mend_at,
        card_id=await session.scalar(card),
        created_at=local(application.created_at),
        step_since=local(application.step_since),
        due_at=local(application.due_at) if application.due_at else None,
        missing=await changes.missing_now(session, application),
        allowed=await holding.acts_of(session, caller, application),
    )


def returned_by(application: Application) -> str | None:
    """The step that waits for it to be mended."""
    return application.return_to if application.step == steps.RETURNED else None


async def _specialist(session: AsyncSession, application: Application) -> SpecialistView | None:
    if application.specialist_id is None:
        return None
    account = await session.get_one(Account, application.specialist_id)
    return SpecialistView(account.id, account.name)


async def summaries(
    session: AsyncSession, caller: Caller, found: Sequence[Application]
) -> list[ApplicationSummary]:
    """The lines of a list for one reader."""
    people = await queries.people_of(session, {each.person_id for each in found})
    units = await queries.units_of(session, {each.unit_id for each in found})
    times = await returns.counted(session, {each.id for each in found})
    return [
        ApplicationSummary(
            id=each.id,
            step=each.step,
            step_name=steps.TITLES[each.step],
            category=each.category,
            name=_name(caller, each, people[each.person_id]),
            unit=units[each.unit_id].name,
            region=each.region,
            created_at=local(each.created_at),
            step_since=local(each.step_since),
            returned_by=returned_by(each),
            mend_at=each.mend_at,
            due_at=local(each.due_at) if each.due_at else None,
            times_returned=times.get(each.id, 0),
        )
        for each in found
    ]


def _name(caller: Caller, application: Application, person: Person) -> str:
    whole = holding.sees_names(caller, application)
    return person.name if whole else masking.name(person.name)
