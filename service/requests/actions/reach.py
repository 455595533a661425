"""Getting hold of a request: locked, the caller's, and as the caller last saw it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from events.log import Author
from service.auth.callers import Caller, Role
from service.etag import check_revision
from service.offerings.models import OfferingVersion
from service.problems import NotFound
from service.requests import queries
from service.requests.models import Dispatch, Request
from service.requests.states import Ended


async def locked(session: AsyncSession, request_id: UUID) -> Request:
    """The request, locked first of all its rows; raises NotFound."""
    query = select(Request).where(Request.id == request_id).with_for_update()
    found: Request | None = await session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


async def at_partner(
    session: AsyncSession, request_id: UUID, by: Caller, revision: int | None
) -> Request:
    """The request where the caller's agency has it (api.md 5.5); raises NotFound, Stale."""
    request = await locked(session, request_id)
    if by.partner_id is None or request.partner_id != by.partner_id:
        raise NotFound
    if revision is not None:
        check_revision(request.revision, revision)
    return request


async def seen(
    session: AsyncSession, request_id: UUID, by: Caller, revision: int | None
) -> Request:
    """The request where holder, steward or 专家中心 may see it; raises NotFound, Stale."""
    mine = select(Request.id).where(Request.id == request_id, await queries.seen_by(session, by))
    if await session.scalar(mine) is None:
        raise NotFound
    request = await locked(session, request_id)
    if revision is not None:
        check_revision(request.revision, revision)
    return request


def author_of(request: Request, by: Caller) -> Author:
    """How the log names who acts at the holder's doors: themselves, or a steward for them."""
    own = by.person_id is not None and by.person_id == request.person_id
    return by.author(Role.TALENT if own else Role.STEWARD)


async def version_of(session: AsyncSession, request: Request) -> OfferingVersion:
    """The version that the request began under (api.md 4.2)."""
    return await session.get_one(OfferingVersion, request.offering_version_id)


async def open_dispatch(session: AsyncSession, request: Request) -> Dispatch:
    """The offer that stands."""
    query = select(Dispatch).where(Dispatch.request_id == request.id, Dispatch.ended_at.is_(None))
    return (await session.scalars(query)).one()


async def taken_on(session: AsyncSession, request: Request) -> Dispatch:
    """The offer that the partner which handles it accepted."""
    query = select(Dispatch).where(
        Dispatch.request_id == request.id,
        Dispatch.partner_id == request.partner_id,
        Dispatch.end == Ended.ACCEPTED,
        Dispatch.declined_at.is_(None),
    )
    return (await session.scalars(query)).one()


def end(dispatch: Dispatch, how: Ended, now: datetime) -> None:
    """The offer is answered, or taken back."""
    dispatch.ended_at, dispatch.end = now, how
