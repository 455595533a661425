"""How long words and files of a conversation are kept after the request ended (guide.md 7.1).

That somebody wrote, from which side and when, stays with the log; what they wrote does not.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.requests import results
from service.requests.models import Note, Request
from service.talents import files

KEPT = timedelta(days=730)
"""Two years after the end (A): ratings, appeals and the yearly audit are over by then."""
BATCH = 200


async def forget_messages(session: AsyncSession, now: datetime, limit: int = BATCH) -> int:
    """Erase messages of requests that ended long ago, with their files; returns how many.

    The answer of a correction and the request's own papers are the file of the case, not talk.
    """
    query = (
        select(Note)
        .join(Request, Request.id == Note.request_id)
        .where(Note.kind == "message", Note.erased_at.is_(None), Request.ended_at < now - KEPT)
        .order_by(Note.id)
        .limit(limit)
        .with_for_update(of=Note)
    )
    found = (await session.scalars(query)).all()
    papers = {UUID(each) for note in found for each in note.files}
    for note in found:
        note.text, note.erased_at = "", now
    if papers:
        await files.erase(session, papers - await _case_files(session, papers), now)
    await session.flush()
    return len(found)


async def _case_files(session: AsyncSession, papers: set[UUID]) -> set[UUID]:
    """Those of these files that a request itself, or the answer to one, has too."""
    kept = await results.among(session, list(papers))
    for paper in papers:
        query = select(Request.id).where(Request.files.contains([str(paper)])).limit(1)
        if await session.scalar(query) is not None:
            kept.add(paper)
    return kept
