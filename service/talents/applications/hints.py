"""What a reviewer should look at before passing a file: a reason to look, never a verdict."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.pages.show import SHANGHAI, day
from service.talents.applications import categories, changes, returns, steps
from service.talents.applications.application import Application
from service.talents.applications.changes import MissingView
from service.talents.applications.returns import Return, Snapshot
from service.talents.models import Person

SOON = timedelta(days=90)


class Hint(msgspec.Struct, frozen=True):
    """One reason to look: a code and one sentence; `about` is what it is about, where that is a
    thing to settle (a look-alike's id)."""

    code: str
    text: str
    about: UUID | None = None


More = Callable[[AsyncSession, Application, datetime], Awaitable[Sequence[Hint]]]
_more: list[More] = []


def more(source: More) -> None:
    """Whoever knows of another reason registers it: `(session, application, now)`."""
    if source not in _more:
        _more.append(source)


async def of(session: AsyncSession, application: Application, now: datetime) -> list[Hint]:
    """The hints of a file that is under way; none once it has ended."""
    if not application.open or application.step == steps.DRAFT:
        return []
    found = [
        *await _proofs(session, application),
        *_contract(application, now),
        *await _returned(session, application),
    ]
    for source in _more:
        found += await source(session, application, now)
    return found


async def _proofs(session: AsyncSession, application: Application) -> list[Hint]:
    category = (await categories.of(session))[application.category]
    there = {each["kind"] for each in application.evidence}
    lacking = [kind for kind in category.evidence if kind not in there]
    text = f"本类别一般需要的材料没有找到:{'、'.join(lacking)}。"
    return [Hint("evidence-missing", text)] if lacking else []


def _contract(application: Application, now: datetime) -> list[Hint]:
    until = application.management_until or application.contract_until
    today = now.astimezone(SHANGHAI).date()
    if until is None or until > today + SOON:
        return []
    return [Hint("ends-soon", f"合同期或管理期 {day(until)}届满,发出的卡有效期很短。")]


async def _returned(session: AsyncSession, application: Application) -> list[Hint]:
    """Whoever returned it reads what came back; what was not done is said to everybody."""
    last = next(iter(await returns.of(session, application.id)), None)
    if last is None or last.mended_at is None:
        return []
    found = []
    if last.step == application.step:
        found.append(Hint("mended", "本步退回过,已补充后送回,请看“退回后的变化”。"))
    open_ = [each.title for each in await _list_of(session, application, last) if not each.done]
    if open_:
        found.append(Hint("still-missing", f"退回时要求的内容没有变化:{'、'.join(open_)}。"))
    return found


async def _list_of(
    session: AsyncSession, application: Application, last: Return
) -> list[MissingView]:
    if last.after is not None:
        return changes.checklist(last, msgspec.convert(last.after, Snapshot))
    person = await session.get_one(Person, application.person_id)
    return changes.checklist(last, returns.snapshot(application, person))
