"""A batch on the holder's own page of a request: where they stand, and what they may do."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.pages.forms import FormSent
from service.problems import FieldError, InvalidBody, NotFound
from service.requests.batches import objecting, places, placing, views, words
from service.requests.batches.objecting import Objecting
from service.requests.batches.placing import Answer

DONE = {"accept": "place_taken", "decline": "place_declined", "object": "objected"}
"""The page's word after each act."""


async def of(
    session: AsyncSession, caller: Caller, request_id: UUID, now: datetime
) -> dict[str, Any]:
    """What the page shows; `queue` is None where the request is in no batch."""
    found = await places.place_of(session, caller, request_id, now)
    lines = []
    if found is not None and "object" in found.allowed:
        lines = (await views.public(session, found.batch_id, now)).lines
    return {"queue": found, "queue_lines": lines, "rulings": words.RULINGS}


async def act(
    session: AsyncSession, by: Caller, request_id: UUID, given: FormSent, now: datetime
) -> None:
    """Take the place, let it go, object. Raises Problem."""
    match given.text("do"):
        case "accept":
            await placing.answer(session, request_id, by, given.revision, Answer("accept"), now)
        case "decline":
            await placing.answer(session, request_id, by, given.revision, Answer("decline"), now)
        case "object":
            await objecting.object_to(session, request_id, by, _objection(given), now)
        case _:
            raise NotFound


def _objection(given: FormSent) -> Objecting:
    plain: dict[str, Any] = {"words": given.text("words")[:2000]}
    if about := given.uuid("about"):
        plain["about"] = about
    try:
        return msgspec.convert(plain, Objecting)
    except msgspec.ValidationError as wrong:
        text = "请写明哪里有误,至少 5 个字。"
        raise InvalidBody(FieldError("/words", "invalid", text)) from wrong
