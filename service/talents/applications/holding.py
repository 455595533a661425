"""Who holds a step: by role, and for whom that role is held (steps.py says which)."""

from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.reference import regions
from service.reference.regions import Regions
from service.talents.applications import steps
from service.talents.applications.application import Application
from service.talents.applications.steps import Step


def held_by(known: Regions, caller: Caller, application: Application) -> set[str]:
    """The steps of this application that are the caller's to act at."""
    levels = _levels(caller, known, application.region)
    found = {s.step for s in steps.STEPS.values() if _holds(caller, s, application, levels)}
    if _helps(caller, application):
        found.add(steps.DRAFT)
    return found


def _levels(caller: Caller, known: Regions, region: str) -> dict[tuple[Role, str], bool]:
    """For which role, at which level, the caller answers for that region."""
    found: dict[tuple[Role, str], bool] = {}
    for grant in caller.grants:
        place = known.get(grant.region) if grant.region else None
        if place is not None and known.within(region, place.code):
            found[grant.role, place.level] = True
    return found


def _holds(
    caller: Caller, step: Step, application: Application, levels: dict[tuple[Role, str], bool]
) -> bool:
    match step.role:
        case Role.TALENT:
            return is_own(caller, application)
        case Role.UNIT_MANAGER:
            return application.unit_id in caller.organisations(Role.UNIT_MANAGER)
        case Role.UNIT_SPECIALIST:
            return _is_specialist(caller, application)
        case Role.REVIEWER:
            return (Role.REVIEWER, step.level) in levels
        case Role.OFFICE:
            return any(role is Role.OFFICE for role, _ in levels)
    return False


def is_own(caller: Caller, application: Application) -> bool:
    """Whether the caller is the talent whose application it is."""
    return caller.has(Role.TALENT) and application.account_id == caller.account_id


HANDLES = (Role.UNIT_MANAGER, Role.UNIT_SPECIALIST, Role.REVIEWER, Role.OFFICE)


def sees_names(caller: Caller, application: Application) -> bool:
    """Whether the caller sees who the applicant is: the applicant, and those who handle files."""
    return is_own(caller, application) or caller.has(*HANDLES)


def _is_specialist(caller: Caller, application: Application) -> bool:
    works_there = application.unit_id in caller.organisations(Role.UNIT_SPECIALIST)
    return works_there and application.specialist_id == caller.account_id


def _helps(caller: Caller, application: Application) -> bool:
    """The specialist mends for the talent what was returned to them (api.md 2.3: one-to-one)."""
    returned = application.step == steps.RETURNED and application.mend_at == steps.DRAFT
    return returned and _is_specialist(caller, application)


async def acts_of(session: AsyncSession, caller: Caller, application: Application) -> list[str]:
    """The acts open to the caller now (api.md 1.7); beside the step's, see `acts_among`."""
    return acts_among(await regions.of(session), caller, application)


def acts_among(known: Regions, caller: Caller, application: Application) -> list[str]:
    """The same, where the regions are at hand."""
    held = held_by(known, caller, application)
    found = application.acts(held, own=is_own(caller, application))
    if application.has_specialist and is_manager(caller, application):
        found = sorted([*found, "reassign"])
    return found


def is_manager(caller: Caller, application: Application) -> bool:
    """Whether the caller leads the unit's side of it."""
    return application.unit_id in caller.organisations(Role.UNIT_MANAGER)
