"""HEAD and OPTIONS, the same for every door (RFC 9110 9.3)."""

import asyncio
import functools
from typing import Any

from litestar.types import HTTPScope, Message, Receive, Send


def without_body(scope: HTTPScope, receive: Receive, send: Send) -> tuple[HTTPScope, Receive, Send]:
    """HEAD: the GET of the same door, of which the headers alone are sent (RFC 9110 9.3.2).

    Once they are out the caller counts as gone, so that a stream ends too.
    """
    answered = asyncio.Event()

    async def receiving() -> Any:
        if not answered.is_set():
            return await receive()
        return {"type": "http.disconnect"}

    async def sending(message: Message) -> None:
        if answered.is_set():
            return
        await send(message)
        if message["type"] == "http.response.start":
            answered.set()
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return {**scope, "method": "GET"}, receiving, sending


@functools.lru_cache(maxsize=512)
def _methods_of(app: Any, template: str) -> bytes:
    """All methods of a path: Litestar's own answer knows those of one handler only."""
    routes = (route for route in app.routes if route.path_format == template)
    return ", ".join(sorted({str(each) for route in routes for each in route.methods})).encode()


async def tell_methods(scope: HTTPScope, send: Send) -> None:
    """OPTIONS, for everybody: the published document tells the same."""
    allow = _methods_of(scope["litestar_app"], str(scope["path_template"]))
    await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", allow)]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
