"""The door of 出示 (card-token.md 9)."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import HeaderParameter

from cards import qr
from service.auth.callers import Caller
from service.auth.guards import talent
from service.talents.proof.presenting import Desk, Presentation, present
from service.transactions import check_no_body

Accept = Annotated[str | None, HeaderParameter(name="Accept")]


@post(
    "/v1/me/card/presentations",
    guards=[talent],
    opt={"no_key": True, "own_limit": True},
    status_code=201,
)
async def present_card(
    request: Request[Any, Any, Any],
    state: State,
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    accept: Accept = None,
) -> Response[Any]:
    """出示:取一个 60 秒有效的动态码;`Accept: image/svg+xml` 或 `image/png` 时直接给图。

    Problems: 404 没有卡, 409 `card-not-active`, 429.
    """
    check_no_body(await request.body())
    desk = Desk(state.pool, state.limiter, state.settings)
    shown = await present(desk, caller.person_id, now)
    return picture(shown, accept or "") or Response(shown, headers={"Cache-Control": "no-store"})


def picture(shown: Presentation, accept: str) -> Response[Any] | None:
    """The code as a picture where one is asked for first, else None (9.2)."""
    headers = {
        "Cache-Control": "no-store",
        "Hck-Expires-At": shown.expires_at.isoformat(),
        "Hck-Refresh-At": shown.refresh_at.isoformat(),
    }
    for each in accept.split(","):
        match each.partition(";")[0].strip().lower():
            case "image/svg+xml":
                return Response(
                    qr.svg(shown.token).encode(), media_type="image/svg+xml", headers=headers
                )
            case "image/png":
                return Response(qr.png(shown.token), media_type="image/png", headers=headers)
            case "application/json" | "*/*":
                return None
    return None


ROUTES = [present_card]
