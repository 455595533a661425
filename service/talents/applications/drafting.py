"""Beginning and mending an application (api.md 3.2)."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from events import log
from service import ids
from service.auth.callers import Caller, Role
from service.problems import FieldError, InvalidBody
from service.talents import people
from service.talents.applications import evidence as proofs
from service.talents.applications import moving, steps
from service.talents.applications.application import Application
from service.talents.applications.checking import category_of, check, unit_of
from service.talents.applications.evidence import Given as Proofs
from service.talents.people import PersonGiven

Uscc = Annotated[str, msgspec.Meta(min_length=1, max_length=30)]


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new application; `person` may be left out by somebody who is known already."""

    category: int
    unit_uscc: Uscc
    person: PersonGiven | None = None
    contract_until: date | None = None
    management_until: date | None = None
    evidence: Proofs = []
    by_quota: bool = False


class Patch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What changes; a date of null is taken away."""

    category: int | msgspec.UnsetType = msgspec.UNSET
    unit_uscc: Uscc | msgspec.UnsetType = msgspec.UNSET
    person: PersonGiven | msgspec.UnsetType = msgspec.UNSET
    contract_until: date | msgspec.UnsetType | None = msgspec.UNSET
    management_until: date | msgspec.UnsetType | None = msgspec.UNSET
    evidence: Proofs | msgspec.UnsetType = msgspec.UNSET
    by_quota: bool | msgspec.UnsetType = msgspec.UNSET


async def begin(session: AsyncSession, by: Caller, draft: Draft, now: datetime) -> Application:
    """A draft of the caller's. Raises InvalidBody, ApplicationOpen, CardExists, PersonKnown."""
    category = await category_of(session, draft.category)
    unit = await unit_of(session, draft.unit_uscc)
    person = await people.of_applicant(session, by, draft.person, now)
    await people.check_free(session, person)
    application = Application(
        id=ids.new_id(),
        person_id=person.id,
        account_id=by.account_id,
        unit_id=unit.id,
        category=category.category,
        region=unit.region,
        contract_until=draft.contract_until,
        management_until=draft.management_until,
        evidence=await proofs.kept(session, by, draft.evidence),
        by_quota=draft.by_quota,
        step=steps.DRAFT,
        path=[],
        return_to=None,
        mend_at=None,
        specialist_id=None,
        created_at=now,
        step_since=now,
    )
    await check(session, application, person, now)
    session.add(application)
    await session.flush()
    event = application.drafted()
    author = by.author(Role.TALENT)
    await log.append(session, event, by=author, region=application.region, now=now)
    return application


async def patch(
    session: AsyncSession,
    application_id: UUID,
    by: Caller,
    revision: int,
    changes: Patch,
    now: datetime,
) -> Application:
    """Change what is written, while the caller holds the step.

    Raises NotFound, Stale, WrongState, InvalidBody.
    """
    application = await moving.got(session, application_id, by, revision, "patch")
    if application.step != steps.DRAFT:
        _check_fixed(changes)
    await _write(session, by, application, changes)
    person = await people.locked(session, application.person_id)
    if changes.person is not msgspec.UNSET:
        await people.change(session, person, people.check(changes.person))
    await check(session, application, person, now)
    # A change of the person alone makes a new revision too: its reader sees something else.
    flag_modified(application, "evidence")
    await session.flush()
    return application


def _check_fixed(changes: Patch) -> None:
    """Category, unit and quota decide the path, which is fixed once it is submitted."""
    advice = "提交后不能改类别、单位和申报途径;需要更改的,请撤回后重新申请。"
    names = ("category", "unit_uscc", "by_quota")
    fixed = [name for name in names if getattr(changes, name) is not msgspec.UNSET]
    if fixed:
        raise InvalidBody(*(FieldError(f"/{name}", "fixed", advice) for name in fixed))


async def _write(
    session: AsyncSession, by: Caller, application: Application, changes: Patch
) -> None:
    if changes.category is not msgspec.UNSET:
        application.category = (await category_of(session, changes.category)).category
    if changes.unit_uscc is not msgspec.UNSET:
        unit = await unit_of(session, changes.unit_uscc)
        application.unit_id, application.region = unit.id, unit.region
    if changes.by_quota is not msgspec.UNSET:
        application.by_quota = changes.by_quota
    if changes.contract_until is not msgspec.UNSET:
        application.contract_until = changes.contract_until
    if changes.management_until is not msgspec.UNSET:
        application.management_until = changes.management_until
    if changes.evidence is not msgspec.UNSET:
        kept = await proofs.kept(session, by, changes.evidence, application.evidence)
        application.evidence = kept
