"""Guards of routes: role and scope only; whose thing it is, is the query's matter (house.md 2)."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from service.auth.callers import STAFF, Caller, Role, check_roles
from service.problems import Forbidden, Unauthenticated

Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]
"""Asynchronous, because Litestar runs a plain function in a thread: two switches for nothing."""


async def signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Anybody with valid credentials. A route that is open says `opt={"open": True}`."""
    if connection.scope.get("user") is None:
        raise Unauthenticated


def roles(*allowed: Role) -> Guard:
    """People with one of these roles."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        check_roles(connection.scope.get("user"), *allowed)

    return guard


def scope(name: str, *or_roles: Role) -> Guard:
    """Machines with this scope, or people with one of these roles."""
    return any_scope((name,), *or_roles)


def any_scope(names: tuple[str, ...], *or_roles: Role) -> Guard:
    """Machines with at least one of these scopes, or people with one of these roles."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        caller: Caller | None = connection.scope.get("user")
        if caller is None:
            raise Unauthenticated
        if caller.scopes.isdisjoint(names) and not caller.has(*or_roles):
            raise Forbidden

    return guard


staff = roles(*STAFF)
talent = roles(Role.TALENT)
holder_side = roles(Role.TALENT, Role.STEWARD)
"""A holder, or the steward who helps them; which of the two, the action asks."""
partner = scope("requests:handle", Role.PARTNER_CLERK)
