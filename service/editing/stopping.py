"""Stopping an offering: a version like the newest one that says from when on nobody can ask for it.

Taking a stop back, or another day for it, is a version like any other.
"""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.editing import content as contents
from service.editing import grounds
from service.editing.content import Drafted
from service.pages.show import SHANGHAI
from service.problems import FieldError, InvalidBody, NotFound


async def drafted(
    session: AsyncSession, code: str, stop: dict[str, Any], why: str, now: datetime
) -> Drafted:
    """The draft of it, in force from today (or when the newest version is), so that everybody
    reads beforehand what is coming. `stop` has the content's members about stopping. Raises
    NotFound, InvalidBody.
    """
    newest = (await grounds.locked(session, code)).newest
    if newest is None:
        raise NotFound
    if len(why) < 2:
        raise InvalidBody(FieldError("/why", "missing", "请写明为什么。"))
    if stop["stopped_on"] is None:
        raise InvalidBody(FieldError("/stopped_on", "missing", "请填写停办日期。"))
    content = msgspec.to_builtins(contents.of(newest)) | stop
    today = now.astimezone(SHANGHAI).date()
    return Drafted(content, max(today, newest.valid_from), why[:500])
