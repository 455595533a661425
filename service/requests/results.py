"""What a partner hands over with its answer: a certificate, a notice, a contract as files.

They go with the offer that the partner took on: its own, and the holder's side's. Another partner
that is asked afterwards never sees them (guide.md 7.1).
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.requests import queries
from service.requests.conversation import Attached, attached
from service.requests.models import Dispatch, Request


async def of_request(session: AsyncSession, request: Request) -> list[Attached]:
    """The files of the answer that ended it, in the order in which they were given."""
    query = select(Dispatch.result_files).where(
        Dispatch.request_id == request.id,
        Dispatch.partner_id == request.partner_id,
        Dispatch.declined_at.is_(None),
    )
    given = [UUID(each) for files in await session.scalars(query) for each in files]
    known = await attached(session, given)
    return [known[each] for each in given if each in known]


async def seen(session: AsyncSession, caller: Caller, file_id: UUID) -> bool:
    """Whether the file is an answer's that the caller may read."""
    whose: list[ColumnElement[bool]] = [await queries.seen_by(session, caller)]
    if caller.partner_id is not None:
        own = Dispatch.partner_id == caller.partner_id
        whose.append(and_(own, Request.partner_id == caller.partner_id))
    query = select(Dispatch.id).join(Request, Request.id == Dispatch.request_id)
    query = query.where(Dispatch.result_files.contains([str(file_id)]), or_(*whose))
    return await session.scalar(query.limit(1)) is not None


async def among(session: AsyncSession, papers: Sequence[UUID]) -> set[UUID]:
    """Those of these files that are an answer's: they are the file of the case."""
    query = select(Dispatch.result_files).where(
        or_(*(Dispatch.result_files.contains([str(paper)]) for paper in papers))
    )
    given = {UUID(each) for files in await session.scalars(query) for each in files}
    return given & set(papers)
