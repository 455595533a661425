"""Doors of 服务网点: who am I, is this card good, give this benefit (card-token.md 10–12)."""

from datetime import datetime
from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth.callers import Caller, Role
from service.auth.guards import any_scope, scope
from service.counters import carrying as _carrying  # noqa: F401 - hears of replaced cards
from service.counters import numbers, offline, redeeming, verifying
from service.counters.door import door_of
from service.counters.offline import OfflinePack
from service.counters.points import points_of
from service.counters.views import (
    PointView,
    Redeem,
    RedemptionView,
    VerificationView,
    Verify,
    VerifyNumber,
)
from service.idempotency import claim_of

SCAN_BODY = 64 * 1024
LEASE = 20
NO_STORE = {"Cache-Control": "no-store"}

may_verify = scope("cards:verify", Role.PARTNER_CLERK)
may_redeem = scope("cards:redeem", Role.PARTNER_CLERK)
may_either = any_scope(("cards:verify", "cards:redeem"), Role.PARTNER_CLERK)


@get("/v1/service-points", guards=[may_either])
async def service_points(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    session: NamedDependency[AsyncSession],
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> Response[paging.Page[PointView]]:
    """本单位的服务网点 (card-token.md 10.1)。"""
    rows = await points_of(session, caller.partner_id, after=paging.after(cursor), limit=limit)
    return paging.answer(request, paging.page_of(rows, limit, lambda row: row.id))


def who_and_when(request: Request[Any, Any, Any], state: State) -> tuple[Caller, datetime]:
    """The caller and the instant, taken directly where a counter waits: injecting two dependencies
    makes a task group a call."""
    caller: Caller = request.scope["user"]
    now: datetime = state.clock()
    return caller, now


@post(
    "/v1/verifications",
    status_code=200,
    guards=[may_verify],
    opt={"no_key": True, "own_limit": True},
    request_max_body_size=SCAN_BODY,
)
async def verify(
    data: Verify, request: Request[Any, Any, Any], state: State
) -> Response[VerificationView]:
    """核验:二维码是否有效、为什么、还能用什么 (card-token.md 10)。

    Problems: 413, 422 `unknown-service-point` `unknown-offering`, 429.
    """
    caller, now = who_and_when(request, state)
    limit = state.settings.limit_verify
    await state.limiter.take(f"verify {caller.id}", limit, now, lease=LEASE)
    return Response(await verifying.verify(door_of(state), data, caller, now), headers=NO_STORE)


@post(
    "/v1/verifications/by-number",
    status_code=200,
    guards=[may_verify],
    opt={"no_key": True, "own_limit": True},
    request_max_body_size=SCAN_BODY,
)
async def verify_number(
    data: VerifyNumber,
    state: State,
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[VerificationView]:
    """按卡号查询:只答可用与否,每个网点每分钟 10 次、每天 100 次 (card-token.md 12.3)。

    Problems: 422 `unknown-service-point`, 429.
    """
    view = await numbers.verify_number(
        door_of(state), state.limiter, state.settings, data, caller, now
    )
    return Response(view, headers=NO_STORE)


@post(
    "/v1/redemptions",
    guards=[may_redeem],
    opt={"own_limit": True},
    request_max_body_size=SCAN_BODY,
)
async def redeem(
    data: Redeem, request: Request[Any, Any, Any], state: State
) -> Response[RedemptionView]:
    """核销一次服务 (card-token.md 11)。

    Problems: 409 `token-replayed` `quota-exhausted` `not-entitled`, 422 `token-refused`
    `companions-not-allowed` `unknown-service-point` `unknown-offering`, 429.
    """
    caller, now = who_and_when(request, state)
    claim = await claim_of(request, caller.id)
    await state.limiter.take(f"redeem {caller.id}", state.settings.limit_redeem, now, lease=LEASE)
    body = await redeeming.redeem(door_of(state), data, claim, caller, now)
    # As kept, octet for octet: a repeat is given the same.
    return Response(body, media_type=MediaType.JSON)  # type: ignore[arg-type]


@get("/v1/offline-pack", guards=[scope("cards:verify")])
async def offline_pack(state: State, now: NamedDependency[datetime]) -> Response[OfflinePack]:
    """离线核验所需:公钥、卡状态列表、可核销的服务 (card-token.md 13.1)。"""
    return Response(await offline.pack(door_of(state), now), headers=NO_STORE)


ROUTES: list[Any] = [service_points, verify, verify_number, redeem, offline_pack]
