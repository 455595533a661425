"""异议: while the list is shown who is on it may say what is wrong; a clerk rules, with reasons."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from events.of_batches import BatchObjected, BatchRuled
from service import ids
from service.auth.callers import Caller, Role
from service.problems import FieldError, InvalidBody, NotFound, Problem, WrongState
from service.requests.batches.models import Batch, BatchState, Entry, Objection, Place
from service.requests.batches.opening import locked, of_batch, own, tell
from service.requests.batches.rules import NOTHING_SAID as NOTHING
from service.requests.batches.rules import Fact, measure
from service.requests.models import Request

MOST = 3
"""Objections of one request to one list."""
Words = Annotated[str, msgspec.Meta(min_length=5, max_length=2000)]


class Objecting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """异议: 哪一位的排序或信息有误(`about` 为名单上的 entry_id,不填即本人),错在哪里。"""

    words: Words
    about: UUID | None = None


class ObjectionRuling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """裁定: 成立(upheld)须更正 `entry_id` 的 `facts`,或 `exclude` 移出名单;不成立(rejected)。"""

    ruling: Literal["upheld", "rejected"]
    reason: Words
    entry_id: UUID | None = None
    facts: dict[str, int | str | bool | None] = {}
    exclude: bool = False


class TooManyObjections(Problem):
    """Each request may object so often to one list."""

    code = "too-many-objections"
    status = 409
    title = "异议次数已满"
    advice = f"同一份名单每件申请最多提 {MOST} 次异议,请等待答复。"


async def object_to(
    session: AsyncSession, request_id: UUID, by: Caller, given: Objecting, now: datetime
) -> Objection:
    """Object while the list is shown. Raises NotFound, WrongState, InvalidBody,
    TooManyObjections."""
    mine = await _own_entry(session, request_id, by)
    batch = await locked(session, mine.batch_id)
    if batch.state != BatchState.SHOWN or batch.shown_until is None or now >= batch.shown_until:
        raise WrongState(batch.state, ())
    about = given.about or mine.id
    if await _listed(session, batch, about) is None:
        text = "名单上没有这一位,请从公示名单中选择。"
        raise InvalidBody(FieldError("/about", "unknown", text))
    query = select(func.count()).select_from(Objection)
    query = query.where(Objection.by_entry_id == mine.id, Objection.round == batch.round)
    if (await session.scalar(query) or 0) >= MOST:
        raise TooManyObjections
    objection = Objection(
        id=ids.new_id(), batch_id=batch.id, by_entry_id=mine.id, about_entry_id=about,
        round=batch.round, words=given.words, made_at=now,
    )  # fmt: skip
    session.add(objection)
    await session.flush()
    event = BatchObjected(**of_batch(batch), objection_id=objection.id)
    await tell(session, batch, event, by.author(Role.TALENT, Role.STEWARD), now)
    return objection


async def _own_entry(session: AsyncSession, request_id: UUID, by: Caller) -> Entry:
    query = (
        select(Entry)
        .join(Request, Request.id == Entry.request_id)
        .where(Request.id == request_id, Request.person_id == by.person_id)
        .where(Entry.state == Place.LISTED)
    )
    found: Entry | None = await session.scalar(query)
    if found is None or by.person_id is None:
        raise NotFound
    return found


async def _listed(session: AsyncSession, batch: Batch, entry_id: UUID | None) -> Entry | None:
    found = await session.get(Entry, entry_id) if entry_id else None
    if found is None or found.batch_id != batch.id or found.state != Place.LISTED:
        return None
    return found


async def rule(
    session: AsyncSession,
    batch_id: UUID,
    objection_id: UUID,
    by: Caller,
    given: ObjectionRuling,
    now: datetime,
) -> Objection:
    """Rule on an objection, once. Where one was upheld the list is made again after its publicity,
    and shown again. Raises NotFound, WrongState, InvalidBody."""
    batch = await own(session, batch_id, by)
    objection = await session.get(Objection, objection_id, populate_existing=True)
    if objection is None or objection.batch_id != batch.id:
        raise NotFound
    if objection.ruling is not None or batch.state != BatchState.SHOWN:
        raise WrongState(objection.ruling or batch.state, ())
    if given.ruling == "upheld":
        await _correct(session, batch, objection, given)
    objection.ruling, objection.answer, objection.ruled_at = given.ruling, given.reason, now
    batch.next_at = max(batch.shown_until or now, now)
    objector = await session.get_one(Entry, objection.by_entry_id)
    await session.flush()
    event = BatchRuled(
        **of_batch(batch), objection_id=objection.id, objector_id=objector.request_id,
        ruling=given.ruling,
    )  # fmt: skip
    await tell(session, batch, event, by.author(Role.PARTNER_CLERK), now)
    return objection


async def _correct(
    session: AsyncSession, batch: Batch, objection: Objection, given: ObjectionRuling
) -> None:
    """What is put right, of whom; raises InvalidBody."""
    entry = await _listed(session, batch, given.entry_id or objection.about_entry_id)
    if entry is None:
        raise InvalidBody(FieldError("/entry_id", "unknown", "名单上没有这一位。"))
    if bool(given.facts) == given.exclude:
        text = "异议成立时,请更正排序信息,或移出名单,二选一。"
        raise InvalidBody(FieldError("/facts", "missing", text))
    check_facts(batch, given.facts)
    objection.entry_id, objection.exclude = entry.id, given.exclude
    objection.facts = given.facts or None


def check_facts(batch: Batch, facts: dict[str, Fact]) -> None:
    """Each is one that the rule reads, of a form that it can order; raises InvalidBody."""
    keys = {key.name: key for key in batch.keys}
    wrong = [
        FieldError(f"/facts/{name[:60]}", "invalid", "不是排序规则中的项,或填写的值不能排序。")
        for name, fact in facts.items()
        if name not in keys or (fact is not None and measure(keys[name], fact) == NOTHING)
    ]
    if wrong:
        raise InvalidBody(*wrong)
