"""Doors of a partner's machines (api.md 2.1): for its people, never for a machine's own token."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import guards, tokens
from service.auth.callers import Caller, Role
from service.auth.models import Client
from service.pages.show import SHANGHAI
from service.partners.clients import actions
from service.partners.clients.actions import PublicKey
from service.problems import Forbidden

BASE = "/v1/partner/clients"
ONE = BASE + "/{client_id:str}"
NO_STORE = {"Cache-Control": "no-store"}
people = guards.roles(Role.PARTNER_CLERK)


class ClientView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One machine. `client_secret` stands only in the answer of a rotation."""

    client_id: str
    name: str
    scopes: list[str]
    created_at: datetime
    disabled_at: datetime | None
    old_secret_until: datetime | None
    public_jwk: dict[str, Any] | None
    client_secret: str | None = None


class ClientList(msgspec.Struct, frozen=True):
    """All of an agency's machines: there are few."""

    items: Sequence[ClientView]


def view(client: Client, *, secret: str | None = None) -> ClientView:
    """The machine; with its new secret in the answer that made it."""
    disabled, until = client.disabled_at, client.old_secret_until
    return ClientView(
        client_id=client.client_id,
        name=client.name,
        scopes=client.scopes,
        created_at=client.created_at.astimezone(SHANGHAI),
        disabled_at=disabled.astimezone(SHANGHAI) if disabled else None,
        old_secret_until=until.astimezone(SHANGHAI) if until else None,
        public_jwk=client.public_jwk,
        client_secret=secret,
    )


async def listed(session: AsyncSession, caller: Caller) -> list[ClientView]:
    """The agency's machines; raises Forbidden for whoever works for none."""
    if caller.partner_id is None:
        raise Forbidden
    found = await tokens.find_clients(session, caller.partner_id)
    return [view(each) for each in sorted(found, key=lambda each: each.client_id)]


@get(BASE, guards=[people])
async def clients(
    session: NamedDependency[AsyncSession], caller: NamedDependency[Caller]
) -> ClientList:
    """本单位的客户端。"""
    return ClientList(await listed(session, caller))


@post(ONE + "/secret", guards=[people], status_code=200)
async def rotate(
    client_id: FromPath[str],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[ClientView]:
    """换客户端密钥:新的只在这一次答复中给出,旧的再用 24 小时。 Problems: 404."""
    client, secret = await actions.rotate(session, client_id, caller, now)
    return Response(view(client, secret=secret), headers=NO_STORE)


@put(ONE + "/key", guards=[people])
async def set_key(
    client_id: FromPath[str],
    data: PublicKey,
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> Response[ClientView]:
    """登记 private_key_jwt 用的公钥(P-256 的 JWK)。 Problems: 404, 422."""
    return Response(view(await actions.set_key(session, client_id, caller, data, now)))


@delete(ONE + "/key", guards=[people])
async def drop_key(
    client_id: FromPath[str],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    now: NamedDependency[datetime],
) -> None:
    """去掉公钥,只用密钥。 Problems: 404."""
    await actions.set_key(session, client_id, caller, None, now)


ROUTES: list[Any] = [clients, rotate, set_key, drop_key]
