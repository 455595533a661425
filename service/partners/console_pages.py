"""The console of an agency's engineers: its machines, its addresses for events, what was sent."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from events.catalogue import EVENTS
from service.auth import guards
from service.auth.callers import Caller, Role
from service.pages.forms import FormSent, attempt, sent
from service.pages.show import SHANGHAI, page
from service.partners.clients import actions as client_actions
from service.partners.clients import routes as client_routes
from service.partners.clients.actions import PublicKey
from service.partners.webhooks import actions, addresses, queries, views
from service.partners.webhooks.actions import NewWebhook, WebhookPatch
from service.partners.webhooks.models import Webhook
from service.problems import FieldError, InvalidBody, Problem

CONSOLE = "/console"
ONE = CONSOLE + "/webhooks/{webhook_id:uuid}"
PAGE: dict[str, Any] = {
    "guards": [guards.roles(Role.PARTNER_CLERK)],
    "opt": {"page": True},
    "include_in_schema": False,
}
SHOWN = 50
TYPES = tuple(name for name in sorted(EVENTS) if name.startswith(("hck.request.", "hck.benefit.")))
"""What concerns a partner."""
STATES = {"active": "推送中", "disabled": "已停用", "ended": "已终止"}
BADGES = {"active": "good", "disabled": "bad", "delivered": "good", "failed": "bad"}
SENT = {"waiting": "待投递", "delivered": "已送达", "failed": "未送达"}
CAUSES = {"event": "事件", "test": "测试", "redelivery": "重发一条", "replay": "整段重发"}
ERRORS = {
    "timeout": "10 秒内没有答复",
    "no-consent": "接收方没有同意(OPTIONS 未给出 WebHook-Allowed-Origin)",
    "not-reached": "连不上",
    "tls-failed": "证书不被信任",
    "broken-answer": "答复不是完整的 HTTP",
    **addresses.SAYS,
}
WORDS: dict[str, Any] = {
    "states": STATES, "badges": BADGES, "sent_states": SENT, "causes": CAUSES, "errors": ERRORS,
}  # fmt: skip


@get(CONSOLE, **PAGE)
async def console(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """客户端和接收地址。"""
    return await show(request, session, caller)


async def show(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    given: FormSent | None = None,
    problem: Problem | None = None,
    secret: dict[str, str] | None = None,
) -> Response[Any]:
    """The overview; a fresh secret is on this one answer and on no other."""
    clients = await client_routes.listed(session, caller)
    hooks = await queries.listed(session, caller, after=None, limit=actions.MOST)
    return page(
        request,
        "partners/templates/console.html",
        problem=problem,
        clients=clients,
        webhooks=[views.view(each) for each in hooks],
        types=TYPES,
        typed=given.texts if given else {},
        secret=secret,
        headers={"Cache-Control": "no-store"},
        **WORDS,
    )


@post(CONSOLE, **PAGE, status_code=200)
async def act(
    request: Request[Any, Any, Any],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """换密钥、登记公钥、登记接收地址。"""
    given = await sent(request)
    shown: dict[str, str] = {}
    doing = _act(session, state, caller, given, now, shown)
    problem = await attempt(session, doing)
    if problem is None and not shown:
        return Redirect(CONSOLE, status_code=303)
    return await show(request, session, caller, given if problem else None, problem, shown or None)


async def _act(
    session: AsyncSession,
    state: State,
    by: Caller,
    given: FormSent,
    now: datetime,
    shown: dict[str, str],
) -> None:
    client_id = given.text("client")
    match given.text("do"):
        case "rotate-client":
            _, secret = await client_actions.rotate(session, client_id, by, now)
            shown |= {"about": client_id, "name": "client_secret", "value": secret, "again": "1"}
        case "set-key":
            key = PublicKey(_jwk(given.text("jwk")))
            await client_actions.set_key(session, client_id, by, key, now)
        case "drop-key":
            await client_actions.set_key(session, client_id, by, None, now)
        case "make":
            allowed = addresses.networks_of(state.settings.webhook_networks)
            new = NewWebhook(url=given.text("url"), types=given.texts.get("types", []))
            webhook = await actions.make(session, by, new, allowed, now)
            shown |= {"about": webhook.url, "name": "secret", "value": webhook.secret}


def _jwk(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as wrong:
        raise InvalidBody(FieldError("/jwk", "invalid", "公钥应为一段 JSON(JWK)。")) from wrong


@get(ONE, **PAGE)
async def webhook_page(
    request: Request[Any, Any, Any],
    webhook_id: FromPath[UUID],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一个接收地址和它的投递。"""
    found = await queries.visible(session, caller, webhook_id)
    return await show_one(request, session, state, found, now)


async def show_one(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    state: State,
    webhook: Webhook,
    now: datetime,
    problem: Problem | None = None,
    secret: dict[str, str] | None = None,
) -> Response[Any]:
    """The address, with its last deliveries, each with what was sent and answered."""
    rows = await queries.newest(session, webhook, SHOWN)
    lines = await views.deliveries(session, rows, state.settings.base_url)
    return page(
        request,
        "partners/templates/webhook.html",
        problem=problem,
        webhook=views.view(webhook),
        revision=webhook.revision,
        allowed=webhook.allowed,
        deliveries=[(each, _pretty(each.request)) for each in lines],
        types=TYPES,
        now=now,
        secret=secret,
        headers={"Cache-Control": "no-store"},
        **WORDS,
    )


def _pretty(content: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode()


@post(ONE, **PAGE, status_code=200)
async def act_on_one(
    request: Request[Any, Any, Any],
    webhook_id: FromPath[UUID],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """测试、改、换密钥、重发、删除。"""
    given = await sent(request)
    shown: dict[str, str] = {}
    doing = _act_on(session, state, webhook_id, caller, given, now, shown)
    problem = await attempt(session, doing)
    if problem is None and not shown:
        ended = given.text("do") == "delete"
        return Redirect(CONSOLE if ended else f"{CONSOLE}/webhooks/{webhook_id}", status_code=303)
    found = await queries.visible(session, caller, webhook_id)
    return await show_one(request, session, state, found, now, problem, shown or None)


async def _act_on(
    session: AsyncSession,
    state: State,
    webhook_id: UUID,
    by: Caller,
    given: FormSent,
    now: datetime,
    shown: dict[str, str],
) -> None:
    match given.text("do"):
        case "test":
            await actions.test(session, webhook_id, by, now)
        case "redeliver" if delivery_id := given.uuid("delivery"):
            await actions.redeliver(session, webhook_id, delivery_id, by, now)
        case "replay":
            await actions.replay(session, webhook_id, by, _moment(given.text("from")), now)
        case "rotate":
            webhook = await actions.rotate(session, webhook_id, by, given.revision, now)
            shown |= {"about": webhook.url, "name": "secret", "value": webhook.secret, "again": "1"}
        case "change":
            allowed = addresses.networks_of(state.settings.webhook_networks)
            patch = WebhookPatch(url=given.text("url"), types=given.texts.get("types", []))
            await actions.change(session, webhook_id, by, given.revision, patch, allowed, now)
        case "delete":
            await actions.end(session, webhook_id, by, given.revision, now)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    except ValueError as wrong:
        raise InvalidBody(FieldError("/from", "invalid", "请选择从何时起重发。")) from wrong


ROUTES: list[Any] = [console, act, webhook_page, act_on_one]
