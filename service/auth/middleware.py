"""What every call passes first: trace, who calls, limits, safe headers, metrics."""

import functools
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from events.log import trace
from service.auth import methods, remembered, signing_in
from service.auth.callers import Caller
from service.problems import Forbidden, Unauthenticated, UnsupportedMedia
from service.transactions import under_way

log = structlog.get_logger("service.http")
TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
COOKIE = "hck_session"
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
UNMETERED = ("/livez", "/readyz", "/metrics")

CALLS = Counter("hck_http_requests_total", "Calls answered", ["method", "route", "status"])
SECONDS = Histogram(
    "hck_http_seconds",
    "Seconds from call to answer",
    ["route"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)

SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    # Not `no-referrer`: browsers then say `Origin: null` for our own pages' forms too.
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline';"
        b" frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    ),
)


class Trace:
    """Continue the caller's trace or begin one; log and count each call (api.md 1.9, 1.10)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._log = log.bind()  # once: the lazy logger would be put together with each line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 500
        trace.set(_child_of(_header(scope, b"traceparent")))
        under_way.set({})
        if scope["method"] == "HEAD":
            scope, receive, send = methods.without_body(scope, receive, send)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = list(_headers_out(message["headers"]))
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            self._note(scope, status, time.perf_counter() - begun)

    def _note(self, scope: HTTPScope, status: int, seconds: float) -> None:
        route = str(scope.get("path_template") or "unmatched")
        method = str(scope["method"])
        calls, took = _counters(method, route, status)
        calls.inc()
        took.observe(seconds)
        if route not in UNMETERED:
            # The route's pattern, not the path: ids may stand there, and texts somebody typed.
            self._log.info(
                "call",
                method=method,
                route=route,
                status=status,
                ms=round(seconds * 1000, 1),
                trace=trace.get(),
            )


def _headers_out(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """An answer's headers with the safe ones and the trace; who may GET may also HEAD."""
    present = set()
    for name, value in headers:
        present.add(name)
        yield name, value.replace(b"GET", b"GET, HEAD") if name == b"allow" else value
    yield from (each for each in SAFE_HEADERS if each[0] not in present)
    yield b"traceparent", trace.get().encode()


@functools.lru_cache(maxsize=4096)
def _counters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return CALLS.labels(method, route, str(status)), SECONDS.labels(route)


def _child_of(given: str) -> str:
    if TRACEPARENT.fullmatch(given):
        return f"{given[:36]}{secrets.token_hex(8)}{given[52:]}"
    drawn = secrets.token_hex(24)
    return f"00-{drawn[:32]}-{drawn[32:]}-01"


class Identify:
    """Find out who calls, by bearer token or by the pages' cookie; then count the call."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call; `scope["user"]` is a Caller or None."""
        if scope["type"] == ScopeType.HTTP and scope["method"] == "OPTIONS":
            await methods.tell_methods(scope, send)
            return
        if scope["type"] == ScopeType.HTTP:
            scope["user"] = await self._caller(scope)
            _check_open(scope)
            _check_media(scope)
            _check_form(scope)
            await self._count(scope)
        await self.app(scope, receive, send)

    async def _caller(self, scope: HTTPScope) -> Caller | None:
        state = scope["litestar_app"].state
        origin = (scope.get("client") or ("", 0))[0]
        now: datetime = state.clock()
        scheme, _, token = _header(scope, b"authorization").partition(" ")
        if scheme.lower() == "bearer":
            return await self._bearer(state, token.strip(), origin, now)
        if token := _cookie(scope):
            caller = await signing_in.find(state.pool, token, origin=origin, now=now)
            if caller is not None:
                _check_same_site(scope)
            return caller
        return None

    async def _bearer(self, state: Any, token: str, origin: str, now: datetime) -> Caller:
        if token.count(".") == 2:
            caller = await remembered.of(state).caller(state, token, origin, now)
        else:
            caller = await signing_in.find(state.pool, token, origin=origin, now=now)
        if caller is None:
            raise Unauthenticated(headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        return caller

    async def _count(self, scope: HTTPScope) -> None:
        state = scope["litestar_app"].state
        caller: Caller | None = scope["user"]
        if str(scope["path"]) in UNMETERED or scope.get("route_handler") is None:
            return
        who = caller.id if caller else f"ip {(scope.get('client') or ('', 0))[0]}"
        unsafe = scope["method"] in UNSAFE
        kind = "write" if unsafe else "read"
        if scope["route_handler"].opt.get("own_limit"):
            return
        limit = state.settings.limit_write if unsafe else state.settings.limit_read
        await state.limiter.take(f"{kind} {who}", limit, state.clock(), lease=20)


def _check_open(scope: HTTPScope) -> None:
    """Every route needs credentials unless it says that it is open.

    Here and not as a guard of all routes: Litestar copies the route's handler for each guard.
    """
    handler = scope.get("route_handler")
    if scope["user"] is None and handler is not None and not handler.opt.get("open"):
        raise Unauthenticated


def _check_media(scope: HTTPScope) -> None:
    """A body is JSON and says so, or says nothing: what a form elsewhere can send is refused.

    Pages, uploads and `/oauth/token` read forms, and look for themselves.
    """
    handler = scope.get("route_handler")
    if scope["method"] not in UNSAFE or handler is None or handler.opt.get("page"):
        return
    kind = _header(scope, b"content-type").partition(";")[0].strip().lower()
    if not kind or kind == "application/json" or kind.endswith("+json"):
        return
    if handler.parsed_data_field is not None and _header(scope, b"content-length") != "0":
        raise UnsupportedMedia


def _check_form(scope: HTTPScope) -> None:
    """Forms come from our own pages, also those that need nobody: signing in above all."""
    handler = scope.get("route_handler")
    if handler is not None and handler.opt.get("page"):
        _check_same_site(scope)


def _check_same_site(scope: HTTPScope) -> None:
    """A page elsewhere cannot act with the cookie: unsafe calls carry our own Origin."""
    origin = _header(scope, b"origin")
    if scope["method"] in UNSAFE and origin:
        host = _header(scope, b"host")
        if origin.partition("://")[2] != host:
            raise Forbidden("请从惠才卡自己的页面提交。")


def _header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return ""


def _cookie(scope: Scope) -> str:
    for part in _header(scope, b"cookie").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""
