"""The feed that partners pull (events.md 3)."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from events import feed
from service import paging
from service.auth import guards
from service.auth.callers import SCOPES, Caller, Role
from service.partners import following
from service.problems import BadCursor, CursorExpired, Forbidden

LONGEST_WAIT_SECONDS = 30


class Feed(msgspec.Struct, frozen=True):
    """与调用方有关的事件(CloudEvents 1.0),从旧到新;`cursor` 供下次接着读。"""

    events: list[dict[str, Any]]
    cursor: str


def position_of(cursor: str | None, now: datetime) -> feed.Position:
    """Where to read on, the beginning without a cursor; raises BadCursor, CursorExpired."""
    if cursor is None:
        return feed.START
    try:
        return feed.position_of(cursor, now)
    except feed.BadCursor as wrong:
        raise BadCursor from wrong
    except feed.CursorExpired as old:
        raise CursorExpired from old


@get("/v1/partner/events", guards=[guards.any_scope(SCOPES, Role.PARTNER_CLERK)])
async def partner_events(
    state: State,
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    cursor: Annotated[str | None, QueryParameter(description="上一次答复中的 cursor")] = None,
    limit: paging.Limit = 50,
    wait: Annotated[
        int, QueryParameter(ge=0, le=LONGEST_WAIT_SECONDS, description="没有新事件时最多等几秒")
    ] = 0,
) -> Response[Feed]:
    """与本单位有关的事件;带 wait 时有了就答。 Problems: 400 `invalid-cursor`, 410, 422."""
    if caller.partner_id is None:
        raise Forbidden
    position = position_of(cursor, now)
    await following.note_seen(state.pool, caller.partner_id, now)
    rows = await following.news(
        state.sessions, caller.partner_id, position, limit=limit, wait_seconds=wait
    )
    if rows:
        position = (rows[-1].xact, rows[-1].id)
    shown = Feed(
        [feed.cloud_event(row, state.settings.base_url) for row in rows],
        feed.cursor_of(position, now),
    )
    return Response(shown, headers={"Cache-Control": "no-store"})


ROUTES: list[Any] = [partner_events]
