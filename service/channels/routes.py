"""Doors of the channels: one's own addresses and choices."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.auth.guards import signed_in
from service.channels import addresses, codes, keeping_routes, my_pages, views, wishes
from service.channels.codes import own_account
from service.channels.views import Reach

BASE = "/v1/me/channels"


class NewAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An e-mail address or a phone number."""

    address: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]


class Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The six digits that went to the address."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a topic shall reach the caller by a channel."""

    topic: Annotated[str, msgspec.Meta(max_length=40)]
    channel: Annotated[str, msgspec.Meta(max_length=20)]
    wanted: bool


@get(BASE, guards=[signed_in])
async def channels(
    session: NamedDependency[AsyncSession], caller: NamedDependency[Caller]
) -> Reach:
    """我的通知渠道:地址(掩码)、是否已验证、每类通知走哪些渠道。"""
    return await views.of(session, caller)


@post(BASE + "/{channel:str}/address", guards=[signed_in], status_code=202)
async def set_address(
    data: NewAddress,
    channel: FromPath[str],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Reach:
    """登记邮箱或手机号,验证码随即发往该处;原地址在验证前继续有效。

    Problems: 404, 409 `channel-off`, 422, 429.
    """
    await codes.ask(session, state.limiter, caller, channel, data.address, now)
    return await views.of(session, caller)


@post(BASE + "/{channel:str}/confirm", guards=[signed_in], status_code=200)
async def confirm(
    data: Code,
    channel: FromPath[str],
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Reach:
    """用验证码确认地址。 Problems: 409 `wrong-code`, 429."""
    await codes.confirm(session, state.limiter, caller, channel, data.code, now)
    return await views.of(session, caller)


@delete(BASE + "/{channel:str}/address", guards=[signed_in], status_code=204)
async def remove(
    channel: FromPath[str],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> None:
    """删除地址,此后不再发往该处。 Problems: 404."""
    await addresses.remove(session, own_account(caller), channel, caller.author(), now)


@post(BASE + "/preferences", guards=[signed_in], status_code=200)
async def choose(
    data: Choice,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Reach:
    """某类通知要不要走某个渠道。 Problems: 404, 409 `mandatory-notice`."""
    account_id: UUID = own_account(caller)
    await wishes.choose(
        session, account_id, data.topic, data.channel, data.wanted, caller.author(), now
    )
    return await views.of(session, caller)


ROUTES: list[Any] = [
    channels, set_address, confirm, remove, choose, *my_pages.ROUTES, *keeping_routes.ROUTES,
]  # fmt: skip
