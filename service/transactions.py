"""One transaction a request, and in it the answer that an idempotency key keeps (api.md 1.4)."""

from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from events.log import trace
from service import idempotency, looks, nudge
from service.problems import FieldError, InvalidBody, InvalidJson

NOT_MODIFIED = 304
"""Nothing was shown that the caller did not have."""

under_way: ContextVar[dict[str, Any]] = ContextVar("under_way")
"""What this call has claimed. The dict is made by the outermost middleware: dependencies may run
in tasks of their own, whose context is a copy, but the dict in it is the same."""


def needs_key(request: Request[Any, Any, Any]) -> bool:
    """POSTs that create or act do; calculations, sign-in and the like do not."""
    opt = request.route_handler.opt
    return request.method == "POST" and not opt.get("no_key") and not opt.get("page")


def check_no_body(body: bytes) -> None:
    """Nothing, or `{}`: unknown members are refused where no member is known too (api.md 1.1).

    Raises InvalidJson, InvalidBody.
    """
    if not body.strip():
        return
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise InvalidJson(FieldError("", "invalid-json", InvalidJson.advice)) from wrong
    if not isinstance(given, dict):
        raise InvalidBody(FieldError("", "wrong-type", "此处不需要内容,请留空或写 {}。"))
    if given:
        advice = "此处不需要内容,请留空或写 {}。"
        raise InvalidBody(*(FieldError(f"/{k[:60]}", "unknown-member", advice) for k in given))


async def _check_body(request: Request[Any, Any, Any]) -> None:
    handler = request.route_handler
    if handler.parsed_data_field is None and "form" not in handler.opt:
        check_no_body(await request.body())


async def provide_session(
    state: State, request: Request[Any, Any, Any]
) -> AsyncIterator[AsyncSession]:
    """Commits when the handler returned, rolls back when it raised.

    Raises KeyRequired, KeyReused, KeyInUse before anything is done, and Replayed where it was.
    """
    async with state.sessions.begin() as session:
        if needs_key(request):
            caller = request.scope.get("user")
            claim = await idempotency.claim_of(request, caller.id if caller else "")
            await idempotency.begin(session, claim)
            await _check_body(request)
            under_way.get().update(claim=claim, session=session, request=request)
        if "shows" in request.route_handler.opt:
            under_way.get().update(shows=session, request=request)
        yield session
    if session.info.get("appended"):
        nudge.wake()


async def keep_answer(response: Response[Any]) -> Response[Any]:
    """After the handler, before the commit: store the answer with the change that it tells of."""
    work = under_way.get({})
    if claim := work.get("claim"):
        request = work["request"]
        rendered = response.to_asgi_response(
            app=None, request=request, status_code=request.route_handler.status_code
        )
        await idempotency.keep(work["session"], claim, rendered, request.app.state.clock())
    if (session := work.get("shows")) and response.status_code != NOT_MODIFIED:
        await keep_look(session, work["request"])
    return response


async def keep_look(session: AsyncSession, request: Request[Any, Any, Any]) -> None:
    """After the handler, before the commit: somebody's data was shown (service/looks.py)."""
    caller, kind = request.scope.get("user"), request.route_handler.opt["shows"]
    thing_id, now = looks.id_in(request.path_params), request.app.state.clock()
    if looks.keep(session, caller, kind, thing_id, trace.get(), now):
        await session.flush()
