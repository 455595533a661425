"""Drafting, changing, dropping and publishing who may get an offering where (api.md 5.6)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_routing import OfRules, RulesDrafted, RulesDropped, RulesPublished
from service import ids
from service.auth.callers import Caller, Role
from service.editing import grounds
from service.editing.models import DROPPED, OPEN, PUBLISHED, RulesDraft
from service.editing.reach import DraftOpen, DraftOutdated, account_of, reached
from service.offerings.models import Offering
from service.problems import FieldError, InvalidBody, NotFound
from service.reference import tables
from service.reference.tables import PROVINCE, Row
from service.requests import rules
from service.requests.rules import Rule

MOST_ROWS = 300


class RulesDrafting(msgspec.Struct, frozen=True):
    """An offering's rules as they shall be, each a row of the officials' table, and why."""

    rows: list[Row]
    why: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]


async def begin(
    session: AsyncSession, offering: str, by: Caller, given: RulesDrafting, now: datetime
) -> RulesDraft:
    """A draft over the rules in force. Raises NotFound, DraftOpen, InvalidBody, BadTable."""
    await grounds.lock(session, rules.TABLE)
    if await session.get(Offering, offering) is None:
        raise NotFound("没有这个事项。")
    if await open_of(session, offering) is not None:
        raise DraftOpen
    draft = RulesDraft(
        id=ids.new_id(), offering=offering, rows=await _checked(session, offering, given),
        base=await base_of(session, offering), why=given.why, state=OPEN,
        drafted_by=account_of(by), drafted_at=now,
    )  # fmt: skip
    session.add(draft)
    await session.flush()
    await _tell(session, RulesDrafted(draft_id=draft.id, offering=offering), by, now)
    return draft


async def change(
    session: AsyncSession,
    draft_id: UUID,
    by: Caller,
    revision: int,
    given: RulesDrafting,
    now: datetime,
) -> RulesDraft:
    """Write it anew. Raises NotFound, Stale, WrongState, InvalidBody, BadTable."""
    draft = await reached(session, RulesDraft, draft_id, by, revision, "change")
    draft.rows, draft.why = await _checked(session, draft.offering, given), given.why
    await session.flush()
    await _tell(session, RulesDrafted(draft_id=draft.id, offering=draft.offering), by, now)
    return draft


async def drop(
    session: AsyncSession, draft_id: UUID, by: Caller, revision: int, now: datetime
) -> RulesDraft:
    """Do without it. Raises NotFound, Stale, WrongState."""
    draft = await reached(session, RulesDraft, draft_id, by, revision, "drop")
    draft.decide(DROPPED, account_of(by), now)
    await session.flush()
    await _tell(session, RulesDropped(draft_id=draft.id, offering=draft.offering), by, now)
    return draft


async def publish(
    session: AsyncSession, draft_id: UUID, by: Caller, revision: int, now: datetime
) -> RulesDraft:
    """A second person puts it in force as the table's next version, the other offerings' rules as
    they are. Raises NotFound, Stale, WrongState, DraftOutdated, BadTable."""
    draft = await reached(session, RulesDraft, draft_id, by, revision, "publish")
    await grounds.lock(session, rules.TABLE)
    if await base_of(session, draft.offering) != draft.base:
        raise DraftOutdated
    others = [each for each in await rules.in_force(session) if each.offering != draft.offering]
    mine = await rules.read(session, draft.rows, first=1)
    table = "\n".join(rules.lines_of([*others, *mine], {}))
    draft.decide(PUBLISHED, account_of(by), now)
    await session.flush()
    await tables.load(session, rules.TABLE, table, now)
    await _tell(session, RulesPublished(draft_id=draft.id, offering=draft.offering), by, now)
    return draft


async def open_of(session: AsyncSession, offering: str) -> RulesDraft | None:
    """The offering's open draft of rules."""
    query = select(RulesDraft).where(RulesDraft.offering == offering, RulesDraft.state == OPEN)
    found: RulesDraft | None = await session.scalar(query)
    return found


async def of_offering(session: AsyncSession, offering: str) -> list[Rule]:
    """Its rules in force, in a steady order."""
    return [each for each in await rules.in_force(session) if each.offering == offering]


async def base_of(session: AsyncSession, offering: str) -> str:
    """What a draft over the rules in force stands on."""
    lines = rules.lines_of(await of_offering(session, offering), {})
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


async def _checked(session: AsyncSession, offering: str, given: RulesDrafting) -> list[Row]:
    """The rows as they are kept, partners by id."""
    if len(given.rows) > MOST_ROWS:
        raise InvalidBody(FieldError("/rows", "too-many", f"一个事项最多 {MOST_ROWS} 条规则。"))
    if not given.rows:
        raise InvalidBody(FieldError("/rows", "missing", "至少要有一家办理单位;要停办请用停办。"))
    rows: Sequence[Row] = [each | {"offering": offering} for each in given.rows]
    return [rules.row_of(rule, {}) for rule in await rules.read(session, rows, first=1)]


async def _tell(session: AsyncSession, event: OfRules, by: Caller, now: datetime) -> None:
    await log.append(session, event, by=by.author(Role.CENTRE), region=PROVINCE, now=now)
