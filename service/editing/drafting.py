"""Drafting, changing, dropping and publishing an offering's next version."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_offerings import OfDraft, OfferingDraftDropped, OfferingDrafted, OfferingPublished
from service import ids
from service.auth.callers import Caller, Role
from service.editing import content as contents
from service.editing.content import Content
from service.editing.models import DROPPED, OPEN, PUBLISHED, OfferingDraft
from service.etag import check_revision
from service.offerings import details
from service.offerings.catalogue import search_text
from service.offerings.models import EDITOR, OfferingVersion
from service.pages.show import SHANGHAI
from service.problems import FieldError, Forbidden, InvalidBody, NotFound, Problem
from service.reference.tables import PROVINCE
from service.talents.applications import categories


class DraftOpen(Problem):
    """The offering has a draft already; two would undo one another."""

    code = "draft-open"
    status = 409
    title = "该事项已有草稿"
    advice = "请先发布或放弃现有的草稿,再起草新版本。"


class DraftOutdated(Problem):
    """Another version came in between."""

    code = "draft-outdated"
    status = 409
    title = "草稿所依据的版本已被取代"
    advice = "起草之后该事项有了新版本,请放弃此草稿,从新版本重新起草。"


class Drafted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the next version says, from which day, and why."""

    content: dict[str, Any]
    valid_from: date
    why: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]


async def begin(
    session: AsyncSession, code: str, by: Caller, given: Drafted, now: datetime
) -> OfferingDraft:
    """A draft on top of the newest version. Raises NotFound, DraftOpen, InvalidBody."""
    newest = await locked(session, code)
    if await session.scalar(_open(code)) is not None:
        raise DraftOpen
    content = await checked(session, given, newest, now)
    draft = OfferingDraft(
        id=ids.new_id(), code=code, base_version=newest.version, content=content, why=given.why,
        valid_from=given.valid_from, state=OPEN, drafted_by=_account(by), drafted_at=now,
    )  # fmt: skip
    session.add(draft)
    await session.flush()
    await _tell(session, OfferingDrafted(draft_id=draft.id, code=code), by, now)
    return draft


async def change(
    session: AsyncSession, draft_id: UUID, by: Caller, revision: int, given: Drafted, now: datetime
) -> OfferingDraft:
    """Write it anew. Raises NotFound, Stale, WrongState, InvalidBody."""
    draft = await _got(session, draft_id, by, revision, "change")
    newest = await locked(session, draft.code)
    draft.content = await checked(session, given, newest, now)
    draft.valid_from, draft.why = given.valid_from, given.why
    await session.flush()
    await _tell(session, OfferingDrafted(draft_id=draft.id, code=draft.code), by, now)
    return draft


async def drop(
    session: AsyncSession, draft_id: UUID, by: Caller, revision: int, now: datetime
) -> OfferingDraft:
    """Do without it. Raises NotFound, Stale, WrongState."""
    draft = await _got(session, draft_id, by, revision, "drop")
    draft.state, draft.decided_by, draft.decided_at = DROPPED, _account(by), now
    await session.flush()
    await _tell(session, OfferingDraftDropped(draft_id=draft.id, code=draft.code), by, now)
    return draft


async def publish(
    session: AsyncSession, draft_id: UUID, by: Caller, revision: int, now: datetime
) -> OfferingDraft:
    """A second person makes a version of it; requests under way keep theirs (api.md 4.2).

    Raises NotFound, Stale, WrongState, DraftOutdated, InvalidBody.
    """
    draft = await _got(session, draft_id, by, revision, "publish")
    newest = await locked(session, draft.code)
    if newest.version != draft.base_version:
        raise DraftOutdated
    given = Drafted(draft.content, draft.valid_from, draft.why)
    content = await checked(session, given, newest, now)
    version = _version(newest, content, draft.valid_from, now)
    session.add(version)
    await session.flush()
    draft.state, draft.decided_by, draft.decided_at = PUBLISHED, _account(by), now
    draft.version_id = version.id
    await session.flush()
    event = OfferingPublished(
        draft_id=draft.id, code=draft.code, version=version.version, valid_from=version.valid_from
    )
    await _tell(session, event, by, now)
    return draft


def _version(
    newest: OfferingVersion, content: dict[str, Any], valid_from: date, now: datetime
) -> OfferingVersion:
    words = details.policies().get(newest.code)
    row = {**content, "code": newest.code, "materials": ";".join(content["materials"])}
    return OfferingVersion(
        **content,
        id=ids.new_id(),
        code=newest.code,
        version=newest.version + 1,
        valid_from=valid_from,
        mode=newest.mode,
        exclusive_with=newest.exclusive_with,
        basis=newest.basis,
        search_text=search_text(row, words.keywords if words else ()),
        published_at=now,
        source=EDITOR,
    )


async def checked(
    session: AsyncSession, given: Drafted, newest: OfferingVersion, now: datetime
) -> dict[str, Any]:
    """The content as it is kept; raises InvalidBody with every place that is wrong."""
    try:
        content = msgspec.convert(given.content, Content)
    except msgspec.ValidationError as wrong:
        raise InvalidBody(_place(str(wrong))) from None
    known = await categories.of(session)
    found = contents.faults(content, newest.mode, known)
    if given.valid_from < now.astimezone(SHANGHAI).date():
        found.append(FieldError("/valid_from", "past", "生效日期不能早于今天。"))
    if given.valid_from < newest.valid_from:
        advice = f"上一版自 {newest.valid_from} 起生效,新版不能早于它。"
        found.append(FieldError("/valid_from", "before-newest", advice))
    if found:
        raise InvalidBody(*(_under(each) for each in found))
    plain: dict[str, Any] = msgspec.to_builtins(content)
    return plain


def _under(fault: FieldError) -> FieldError:
    if fault.pointer == "/valid_from":
        return fault
    return FieldError(f"/content{fault.pointer}", fault.code, fault.detail)


def _place(said: str) -> FieldError:
    """Where msgspec found something of another shape; its words are not for officials."""
    path = said.rpartition("at `$")[2].rstrip("`")
    steps = path.replace("[...]", "").replace("[", "/").replace("]", "").replace(".", "/")
    name = next((part for part in steps.split("/") if part), "")
    title = contents.TITLES.get(name, name[:40])
    detail = f"“{title}”填写不符合要求。" if title else "内容缺项或有多余的项,请对照现行版本。"
    return FieldError(f"/content{steps}"[:200], "invalid", detail)


async def locked(session: AsyncSession, code: str) -> OfferingVersion:
    """The newest version, with the offering locked against another's; raises NotFound."""
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 1))")
    # The same lock as that under which the catalogue's table is loaded.
    await session.execute(lock, {"name": "table catalogue"})
    query = select(OfferingVersion).where(OfferingVersion.code == code)
    found: OfferingVersion | None = await session.scalar(
        query.order_by(OfferingVersion.version.desc()).limit(1)
    )
    if found is None:
        raise NotFound("没有这个事项。")
    return found


def _open(code: str) -> Any:
    return select(OfferingDraft.id).where(OfferingDraft.code == code, OfferingDraft.state == OPEN)


async def _got(
    session: AsyncSession, draft_id: UUID, by: Caller, revision: int, act: str
) -> OfferingDraft:
    draft = await session.get(OfferingDraft, draft_id, with_for_update=True, populate_existing=True)
    if draft is None:
        raise NotFound
    check_revision(draft.revision, revision)
    draft.check(act, by.account_id)
    return draft


def _account(by: Caller) -> UUID:
    if by.account_id is None:
        raise Forbidden
    return by.account_id


async def _tell(session: AsyncSession, event: OfDraft, by: Caller, now: datetime) -> None:
    await log.append(session, event, by=by.author(Role.CENTRE), region=PROVINCE, now=now)
