"""The counter's page: scan, see green or red, give a benefit (card-token.md 10–12).

The same actions as the API's. Nothing of a token is kept but in the page that shows its answer.
"""

import asyncio
import hashlib
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body
from sqlalchemy.ext.asyncio import AsyncSession

from cards import token
from service import ids
from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.counters import frames, numbers, redeeming, verifying
from service.counters.door import door_of
from service.counters.points import points_of
from service.counters.views import (
    PointView,
    Redeem,
    RedemptionView,
    VerificationView,
    Verify,
    VerifyNumber,
)
from service.idempotency import Claim, Replayed
from service.pages.show import page
from service.problems import Problem

UNITS = {"times": "次", "days": "天", "hours": "小时"}
clerk = roles(Role.PARTNER_CLERK)
PAGE: dict[str, Any] = {"guards": [clerk], "opt": {"page": True}, "include_in_schema": False}


class Scan(msgspec.Struct, frozen=True):
    """What the scan form sends."""

    token: str = ""
    service_point: str = ""


class Typed(msgspec.Struct, frozen=True):
    """What the form for a typed number sends."""

    card_number: str = ""
    service_point: str = ""


class Give(msgspec.Struct, frozen=True):
    """What a 核销 button sends; `key` was drawn with the page, so that twice pressed is once."""

    token: str = ""
    offering: str = ""
    service_point: str = ""
    companions: int = 0
    key: str = ""


def scanned(text: str) -> str:
    """The token of what a gun or a camera read: a printed code's URL becomes its text (4.3)."""
    bare = text.strip("\r\n\t")
    return token.from_url(bare) or bare


@get("/counter", **PAGE)
async def counter(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """核验台:等待扫码。"""
    return _show(request, await points_of(session, caller.partner_id))


@post("/counter", status_code=200, **PAGE)
async def scan(
    data: Annotated[Scan, Body(media_type=RequestEncodingType.URL_ENCODED)],
    request: Request[Any, Any, Any],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """核验一个码。"""
    points = await points_of(session, caller.partner_id)
    asked = Verify(scanned(data.token), data.service_point)
    try:
        view = await verifying.verify(door_of(state), asked, caller, now)
    except Problem as problem:
        return _show(request, points, at_point=data.service_point, problem=problem)
    return _show(request, points, at_point=data.service_point, view=view, shown=asked.token)


@post("/counter/by-number", status_code=200, **PAGE)
async def look_up(
    data: Annotated[Typed, Body(media_type=RequestEncodingType.URL_ENCODED)],
    request: Request[Any, Any, Any],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """按卡号查询。"""
    points = await points_of(session, caller.partner_id)
    asked = VerifyNumber(data.card_number, data.service_point)
    try:
        view = await numbers.verify_number(
            door_of(state), state.limiter, state.settings, asked, caller, now
        )
    except Problem as problem:
        return _show(request, points, at_point=data.service_point, problem=problem)
    return _show(request, points, at_point=data.service_point, view=view)


@post("/counter/redemptions", status_code=200, **PAGE)
async def give(
    data: Annotated[Give, Body(media_type=RequestEncodingType.URL_ENCODED)],
    request: Request[Any, Any, Any],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """核销一次服务。"""
    points = await points_of(session, caller.partner_id)
    asked = Redeem(data.token, data.offering, data.service_point, max(0, data.companions))
    print_of = hashlib.sha256(b"page /counter/redemptions\0" + msgspec.json.encode(asked))
    claim = Claim(caller.id, f"page {data.key}", print_of.digest())
    try:
        body = await redeeming.redeem(door_of(state), asked, claim, caller, now)
    except Replayed as again:
        body = again.body
    except Problem as problem:
        return _show(request, points, at_point=data.service_point, refused=problem)
    given = msgspec.json.decode(body, type=RedemptionView)
    name = await _name_of(state, given.offering)
    return _show(request, points, at_point=data.service_point, given=given, given_name=name)


async def _name_of(state: State, offering: str) -> str:
    kept = door_of(state).benefits.by_code.get(offering)
    return kept.name if kept else offering


class Read(msgspec.Struct, frozen=True):
    """What is in a frame: the code's text, or null and a sentence."""

    text: str | None
    message: str


@post(
    "/counter/frames",
    status_code=200,
    guards=[clerk],
    opt={"no_key": True},
    include_in_schema=False,
    request_max_body_size=frames.FRAME_BODY,
)
async def frame(request: Request[Any, Any, Any]) -> Read:
    """相机画面中的二维码。 Problems: 413, 422 `broken-frame`."""
    found = await asyncio.to_thread(frames.read_code, await request.body())
    return Read(found, "已读到二维码。" if found else "画面中没有二维码,请对准持卡人的手机。")


def _show(
    request: Request[Any, Any, Any],
    points: Any,
    *,
    at_point: str = "",
    problem: Problem | None = None,
    view: VerificationView | None = None,
    shown: str = "",
    given: RedemptionView | None = None,
    given_name: str = "",
    refused: Problem | None = None,
) -> Response[Any]:
    """The page; `refused` is told in red on the whole screen, `problem` above the form."""
    mine: list[PointView] = list(points)
    return page(
        request,
        "counters/templates/counter.html",
        problem=problem,
        status=refused.status if refused else None,
        points=mine,
        at_point=at_point or (str(mine[0].id) if mine else ""),
        view=view,
        shown=shown,
        given=given,
        given_name=given_name,
        refused=refused,
        units=UNITS,
        key=str(ids.new_id()),
    )


ROUTES: list[Any] = [counter, scan, look_up, give, frame]
