"""Words beside a request: messages, steps, rulings. Sealed, and kept out of the log."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from events.log import Author
from service import ids
from service.requests.models import Note, Request


def add_note(
    session: AsyncSession,
    request: Request,
    kind: str,
    text: str,
    by: Author,
    now: datetime,
    files: Sequence[UUID] = (),
) -> UUID:
    """Keep one note with whoever has the request now. Kinds: message, progress, ruling."""
    note = Note(
        id=ids.new_id(),
        request_id=request.id,
        kind=kind,
        author=by.actor,
        author_role=by.role,
        partner_id=request.partner_id,
        text=text,
        files=[str(each) for each in files],
        written_at=now,
    )
    session.add(note)
    return note.id
