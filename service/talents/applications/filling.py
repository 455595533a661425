"""From a page's form to an application, and back."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.pages.forms import FormSent
from service.problems import FieldError, InvalidBody
from service.talents import files
from service.talents.applications import drafting, evidence, steps
from service.talents.applications.application import Application
from service.talents.applications.evidence import Evidence
from service.talents.applications.views import ApplicationView
from service.talents.people import PersonGiven

ROWS = range(3)
"""How many proofs one form takes; saving brings empty rows again."""
BADGES = {"issued": "good", "returned": "warn", "rejected": "bad", "withdrawn": ""}


def category_of(given: FormSent) -> int:
    """The category that was chosen; raises InvalidBody."""
    found = given.text("category")
    if not (found.isascii() and found.isdigit() and len(found) < 4):
        raise InvalidBody(FieldError("/category", "missing", "请选择人才类别。"))
    return int(found)


def person_of(given: FormSent) -> PersonGiven:
    """Who applies, as typed."""
    return PersonGiven(
        name=given.text("name")[:60],
        id_number=given.text("id_number")[:20],
        phone=given.text("phone")[:20],
        address=given.text("address")[:200] or None,
    )


async def evidence_of(
    session: AsyncSession,
    by: Caller,
    given: FormSent,
    now: datetime,
    before: Sequence[Evidence] = (),
) -> list[Evidence]:
    """The proofs that stay and those that are put in now."""
    found = [each for n, each in enumerate(before) if given.text(f"drop_{n}") != "yes"]
    declared = given.text(files.DECLARATION) == "yes"
    for n in ROWS:
        upload = given.upload(f"file_{n}")
        content = await upload.read() if upload is not None else b""
        kind, note = given.text(f"kind_{n}")[:100], given.text(f"note_{n}")[:500]
        if not content and not kind:
            continue
        file = None
        if content:
            files.check_declared(declared)
            file = await files.keep(session, by, content, now, declared=declared)
        found.append(Evidence(kind or "其他材料", file.id if file else None, note or None))
    return found


async def patch_of(
    session: AsyncSession, by: Caller, given: FormSent, application: Application, now: datetime
) -> drafting.Patch:
    """What the form changes; category and unit only while it is a draft."""
    draft = application.step == steps.DRAFT
    category = given.text("category")
    return drafting.Patch(
        category=int(category[:3])
        if draft and category.isascii() and category.isdigit()
        else UNSET,
        unit_uscc=given.text("unit_uscc") if draft else UNSET,
        by_quota=given.text("by_quota") == "yes" if draft else UNSET,
        contract_until=given.day("contract_until"),
        management_until=given.day("management_until"),
        evidence=await evidence_of(session, by, given, now, evidence.shown(application.evidence)),
    )


def texts_of(view: ApplicationView | None) -> dict[str, str]:
    """The form as it stands."""
    if view is None:
        return {}
    found = {
        "category": view.category,
        "unit_uscc": view.unit_uscc,
        "by_quota": "yes" if view.by_quota else None,
        "contract_until": view.contract_until,
        "management_until": view.management_until,
    }
    return {name: str(value) for name, value in found.items() if value is not None}


def where(application: Application | None) -> list[tuple[str, str, str]]:
    """The way, step by step: name, title, and whether it is `done`, `now` or `ahead`."""
    if application is None or not application.path:
        return []
    shown = [step for step in application.path if step != steps.ISSUING]
    at = application.return_to or application.step
    found = []
    for step in shown:
        done = steps.ORDER.index(step) < steps.ORDER.index(at) or application.step == steps.ISSUED
        state = "done" if done else "now" if step == at else "ahead"
        found.append((step, steps.TITLES[step], state))
    return found
