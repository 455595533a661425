"""Drafting, changing, dropping and publishing an offering's next version."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_offerings import OfDraft, OfferingDraftDropped, OfferingDrafted, OfferingPublished
from service import ids
from service.auth.callers import Caller, Role
from service.editing import content as contents
from service.editing import grounds
from service.editing.checking import checked
from service.editing.content import Drafted, Line
from service.editing.grounds import Ground, Opening
from service.editing.models import DROPPED, OPEN, PUBLISHED, OfferingDraft
from service.editing.reach import DraftOpen, DraftOutdated, account_of, reached
from service.editing.telling import tell_of_stop
from service.offerings.catalogue import search_text
from service.offerings.models import EDITOR, Offering, OfferingVersion
from service.problems import Problem
from service.reference.tables import PROVINCE


class OfferingExists(Problem):
    """There is an offering with this code."""

    code = "offering-exists"
    status = 409
    title = "已有这个代码的事项"
    advice = "请换一个代码,或在已有事项上起草新版本。"


class Opened(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """新事项: 代码、方式(`case` 申请办理,`benefit` 出示卡即享)、是否与市级人才卡不重复享受、别名;
    其余与新版本相同。"""

    code: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}-[0-9]{2}$")]
    mode: Literal["case", "benefit"]
    municipal: bool = False
    keywords: Annotated[list[Line], msgspec.Meta(max_length=20)] = []
    content: dict[str, Any]
    valid_from: date
    why: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]


async def begin(
    session: AsyncSession, code: str, by: Caller, given: Drafted, now: datetime
) -> OfferingDraft:
    """A draft on top of the newest version. Raises NotFound, DraftOpen, InvalidBody."""
    return await _begin(session, await grounds.locked(session, code), by, given, now)


async def open_new(
    session: AsyncSession, by: Caller, given: Opened, now: datetime
) -> OfferingDraft:
    """A draft of a wholly new offering. Raises OfferingExists, DraftOpen, InvalidBody.

    Its code is taken from now on, so that rules of who handles it can be loaded before anybody can
    ask for it; it is an offering once a version is published.
    """
    opening = Opening(mode=given.mode, municipal=given.municipal, keywords=given.keywords)
    plain = msgspec.to_builtins(opening)
    ground = await grounds.locked(session, given.code, plain)
    if ground.version:
        raise OfferingExists
    if await session.get(Offering, given.code) is None:
        session.add(Offering(code=given.code, created_at=now))
        await session.flush()
    drafted = Drafted(given.content, given.valid_from, given.why)
    return await _begin(session, ground, by, drafted, now, plain)


async def _begin(
    session: AsyncSession,
    ground: Ground,
    by: Caller,
    given: Drafted,
    now: datetime,
    opening: dict[str, Any] | None = None,
) -> OfferingDraft:
    if await session.scalar(_open(ground.code)) is not None:
        raise DraftOpen
    content = await checked(session, given, ground, now)
    draft = OfferingDraft(
        id=ids.new_id(), code=ground.code, base_version=ground.version, content=content,
        opening=opening, why=given.why, valid_from=given.valid_from, state=OPEN,
        drafted_by=account_of(by), drafted_at=now,
    )  # fmt: skip
    session.add(draft)
    await session.flush()
    await _tell(session, OfferingDrafted(draft_id=draft.id, code=ground.code), by, now)
    return draft


async def change(
    session: AsyncSession, draft_id: UUID, by: Caller, revision: int, given: Drafted, now: datetime
) -> OfferingDraft:
    """Write it anew. Raises NotFound, Stale, WrongState, InvalidBody."""
    draft = await reached(session, OfferingDraft, draft_id, by, revision, "change")
    ground = await grounds.locked(session, draft.code, draft.opening)
    draft.content = await checked(session, given, ground, now)
    draft.valid_from, draft.why = given.valid_from, given.why
    await session.flush()
    await _tell(session, OfferingDrafted(draft_id=draft.id, code=draft.code), by, now)
    return draft


async def drop(
    session: AsyncSession, draft_id: UUID, by: Caller, revision: int, now: datetime
) -> OfferingDraft:
    """Do without it. Raises NotFound, Stale, WrongState."""
    draft = await reached(session, OfferingDraft, draft_id, by, revision, "drop")
    draft.decide(DROPPED, account_of(by), now)
    await session.flush()
    await _tell(session, OfferingDraftDropped(draft_id=draft.id, code=draft.code), by, now)
    return draft


async def publish(
    session: AsyncSession, draft_id: UUID, by: Caller, revision: int, now: datetime
) -> OfferingDraft:
    """A second person makes a version of it; requests under way keep theirs (api.md 4.2).

    Raises NotFound, Stale, WrongState, DraftOutdated, InvalidBody.
    """
    draft = await reached(session, OfferingDraft, draft_id, by, revision, "publish")
    ground = await grounds.locked(session, draft.code, draft.opening)
    if ground.version != draft.base_version:
        raise DraftOutdated
    given = Drafted(draft.content, draft.valid_from, draft.why)
    content = await checked(session, given, ground, now)
    version = _version(ground, content, draft.valid_from, now)
    session.add(version)
    await session.flush()
    draft.decide(PUBLISHED, account_of(by), now)
    draft.version_id = version.id
    await session.flush()
    event = OfferingPublished(
        draft_id=draft.id, code=draft.code, version=version.version, valid_from=version.valid_from
    )
    await _tell(session, event, by, now)
    after = contents.kept(content)
    await tell_of_stop(session, draft.code, ground.stopped_on, after, by, now)
    return draft


def _version(
    ground: Ground, content: dict[str, Any], valid_from: date, now: datetime
) -> OfferingVersion:
    row = {**content, "code": ground.code, "materials": ";".join(content["materials"])}
    return OfferingVersion(
        **contents.values_of(contents.kept(content)),
        id=ids.new_id(),
        code=ground.code,
        version=ground.version + 1,
        valid_from=valid_from,
        mode=ground.mode,
        exclusive_with=ground.exclusive_with,
        basis=ground.basis,
        search_text=search_text(row, ground.keywords),
        published_at=now,
        source=EDITOR,
    )


def _open(code: str) -> Any:
    return select(OfferingDraft.id).where(OfferingDraft.code == code, OfferingDraft.state == OPEN)


async def _tell(session: AsyncSession, event: OfDraft, by: Caller, now: datetime) -> None:
    await log.append(session, event, by=by.author(Role.CENTRE), region=PROVINCE, now=now)
