"""Doors of those who keep the card keys: the system administrators; auditors read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards
from service.auth.callers import Caller, Role
from service.talents.proof import key_acts
from service.talents.proof.key_acts import KeyView, Reason
from service.talents.proof.key_store import store_of

BASE = "/v1/card-keys"
ONE = BASE + "/{kid:str}"
keepers = guards.roles(Role.SYSTEM_ADMIN)
readers = guards.roles(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)


class KeyList(msgspec.Struct, frozen=True):
    """All card keys: there are few."""

    items: Sequence[KeyView]


class Revocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is taken out."""

    reason: Reason


@get(BASE, guards=[readers])
async def keys(session: NamedDependency[AsyncSession], now: NamedDependency[datetime]) -> KeyList:
    """卡密钥:公布、签发、停用、吊销的时刻;没有私钥。"""
    return KeyList(await key_acts.listed(session, now))


@post(BASE, guards=[keepers])
async def make(
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> KeyView:
    """生成一把新密钥:立即公布,24 小时后接替签发。"""
    store = store_of(state.settings)
    made = await key_acts.make(session, store, caller.author(Role.SYSTEM_ADMIN), now)
    return key_acts.view(made, now)


@post(ONE + "/switch", guards=[keepers], status_code=200)
async def switch(
    kid: FromPath[str],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> KeyView:
    """切换:此后只由它签发,其余停用。 Problems: 404, 409."""
    done = await key_acts.switch(session, kid, caller.author(Role.SYSTEM_ADMIN), now)
    return key_acts.view(done, now)


@post(ONE + "/retire", guards=[keepers], status_code=200)
async def retire(
    kid: FromPath[str],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> KeyView:
    """停用:不再签发,公布到它签的最后一个码过期。 Problems: 404, 409."""
    done = await key_acts.retire(session, kid, caller.author(Role.SYSTEM_ADMIN), now)
    return key_acts.view(done, now)


@post(ONE + "/revoke", guards=[keepers], status_code=200)
async def revoke(
    kid: FromPath[str],
    data: Revocation,
    state: State,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> KeyView:
    """吊销:立即撤下,它签过的码全部不再承认。 Problems: 404, 409, 422."""
    store = store_of(state.settings)
    by = caller.author(Role.SYSTEM_ADMIN)
    done = await key_acts.revoke(session, store, kid, data.reason, by, now)
    return key_acts.view(done, now)


ROUTES: list[Any] = [keys, make, switch, retire, revoke]
