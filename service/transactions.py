"""One transaction a request, and in it the answer that an idempotency key keeps (api.md 1.4)."""

from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

from litestar import Request, Response
from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from service import idempotency, nudge

under_way: ContextVar[dict[str, Any]] = ContextVar("under_way")
"""What this call has claimed. The dict is made by the outermost middleware: dependencies may run
in tasks of their own, whose context is a copy, but the dict in it is the same."""


def needs_key(request: Request[Any, Any, Any]) -> bool:
    """POSTs that create or act do; calculations, sign-in and the like do not."""
    opt = request.route_handler.opt
    return request.method == "POST" and not opt.get("no_key") and not opt.get("page")


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
            under_way.get().update(claim=claim, session=session, request=request)
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
    return response
