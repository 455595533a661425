"""Doors of webhooks (events.md 4.1)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.auth import guards
from service.auth.callers import SCOPES, Caller, Role
from service.etag import etag, revision_of, unchanged
from service.paging import Cursor, Limit, Page
from service.partners.webhooks import actions, addresses, queries, views
from service.partners.webhooks.actions import NewWebhook, Replay, WebhookPatch
from service.partners.webhooks.views import DeliveryView, WebhookView
from service.problems import Forbidden

BASE = "/v1/partner/webhooks"
ONE = BASE + "/{webhook_id:uuid}"
engineers = guards.any_scope(SCOPES, Role.PARTNER_CLERK)
IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", description="读到的 ETag")]
IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match")]
NO_STORE = {"Cache-Control": "no-store"}


class Replaying(msgspec.Struct, frozen=True):
    """How many events are sent again."""

    deliveries: int


def check_partner(caller: Caller) -> None:
    """Raises Forbidden for whoever works for no agency."""
    if caller.partner_id is None:
        raise Forbidden


@post(BASE, guards=[engineers])
async def make(
    data: NewWebhook,
    session: NamedDependency[AsyncSession],
    state: State,
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[WebhookView]:
    """登记接收地址;`secret` 只在这一次答复中给出。 Problems: 409 `too-many-webhooks`, 422."""
    check_partner(caller)
    allowed = addresses.networks_of(state.settings.webhook_networks)
    webhook = await actions.make(session, caller, data, allowed, now)
    headers = {"ETag": etag(webhook.revision), "Location": f"{BASE}/{webhook.id}", **NO_STORE}
    return Response(views.view(webhook, secret=webhook.secret), headers=headers)


@get(BASE, guards=[engineers])
async def webhooks(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[Page[WebhookView]]:
    """本单位的接收地址。"""
    check_partner(caller)
    rows = await queries.listed(session, caller, after=paging.after(cursor), limit=limit)
    found = paging.page_of([views.view(each) for each in rows], limit, lambda each: each.id)
    return paging.answer(request, found)


@get(ONE, guards=[engineers])
async def webhook(
    webhook_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    if_none_match: IfNoneMatch = None,
) -> Response[WebhookView]:
    """一个接收地址,及其 Ed25519 公钥(登记时要了 v1a 的)。 Problems: 404."""
    found = await queries.visible(session, caller, webhook_id)
    tag = etag(found.revision)
    if unchanged(if_none_match, tag):
        return Response(None, status_code=304, headers={"ETag": tag})  # type: ignore[arg-type]
    return Response(views.view(found), headers={"ETag": tag})


@patch(ONE, guards=[engineers])
async def change(
    webhook_id: FromPath[UUID],
    data: WebhookPatch,
    session: NamedDependency[AsyncSession],
    state: State,
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[WebhookView]:
    """改地址或事件类型;停用的随之恢复。 Problems: 404, 409 `wrong-state`, 412, 422, 428."""
    allowed = addresses.networks_of(state.settings.webhook_networks)
    revision = revision_of(if_match)
    found = await actions.change(session, webhook_id, caller, revision, data, allowed, now)
    return Response(views.view(found), headers={"ETag": etag(found.revision)})


@delete(ONE, guards=[engineers])
async def end(
    webhook_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> None:
    """删除接收地址,在途的不再重试。 Problems: 404, 409 `wrong-state`, 412, 428."""
    await actions.end(session, webhook_id, caller, revision_of(if_match), now)


@post(ONE + "/rotate", guards=[engineers], status_code=200)
async def rotate(
    webhook_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
    if_match: IfMatch = None,
) -> Response[WebhookView]:
    """换密钥:新旧两把一起签 24 小时。 Problems: 404, 409 `wrong-state`, 412, 428."""
    found = await actions.rotate(session, webhook_id, caller, revision_of(if_match), now)
    headers = {"ETag": etag(found.revision), **NO_STORE}
    return Response(views.view(found, secret=found.secret), headers=headers)


@post(ONE + "/test", guards=[engineers])
async def test(
    webhook_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    state: State,
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[DeliveryView]:
    """发一条测试事件,结果看 deliveries。 Problems: 404, 409 `wrong-state`."""
    sent = await actions.test(session, webhook_id, caller, now)
    shown = await views.deliveries(session, [sent], state.settings.base_url)
    return Response(shown[0])


@get(ONE + "/deliveries", guards=[engineers])
async def deliveries(
    request: Request[Any, Any, Any],
    webhook_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    state: State,
    caller: NamedDependency[Caller],
    limit: Limit = 50,
    cursor: Cursor = None,
    delivery_state: Annotated[
        Literal["waiting", "delivered", "failed"] | None, QueryParameter(name="state")
    ] = None,
) -> Response[Page[DeliveryView]]:
    """每次投递:发了什么、对方答了什么、下次何时再试。 Problems: 404."""
    found = await queries.visible(session, caller, webhook_id)
    rows = await queries.deliveries(
        session, found, after=paging.after(cursor), limit=limit, state=delivery_state
    )
    lines = await views.deliveries(session, rows, state.settings.base_url)
    return paging.answer(request, paging.page_of(lines, limit, lambda each: each.id))


@post(ONE + "/deliveries/{delivery_id:uuid}/redeliver", guards=[engineers])
async def redeliver(
    webhook_id: FromPath[UUID],
    delivery_id: FromPath[UUID],
    session: NamedDependency[AsyncSession],
    state: State,
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[DeliveryView]:
    """把一条再发一次。 Problems: 404, 409 `wrong-state`."""
    sent = await actions.redeliver(session, webhook_id, delivery_id, caller, now)
    shown = await views.deliveries(session, [sent], state.settings.base_url)
    return Response(shown[0])


@post(ONE + "/replay", guards=[engineers], status_code=202)
async def replay(
    webhook_id: FromPath[UUID],
    data: Replay,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Replaying]:
    """从某个时刻起全部重发;停用的随之恢复。 Problems: 404, 409 `wrong-state`, 422."""
    return Response(Replaying(await actions.replay(session, webhook_id, caller, data.since, now)))


ROUTES: list[Any] = [
    make, webhooks, webhook, change, end, rotate, test, deliveries, redeliver, replay,
]  # fmt: skip
