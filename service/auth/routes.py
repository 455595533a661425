"""Doors of people and machines: sessions, tokens, who am I (api.md 2)."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import keys, signing_in, tokens
from service.auth.callers import SCOPES, Caller, Role
from service.auth.guards import signed_in
from service.auth.middleware import COOKIE

Text = Annotated[str, msgspec.Meta(max_length=200)]


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """Name, password, and for staff the one-time password."""

    login: Text
    password: Annotated[str, msgspec.Meta(max_length=1000)]
    otp: Annotated[str, msgspec.Meta(max_length=10)] | None = None


def session_cookie(token: str | None, settings: Any) -> Cookie:
    """The pages' cookie (api.md 2.2); no token ends it."""
    return Cookie(
        key=COOKIE,
        value=token or "",
        max_age=int(signing_in.LIFE.total_seconds()) if token else 0,
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


@post("/v1/sessions", opt={"open": True, "no_key": True, "own_limit": True})
async def open_session(
    data: SignIn,
    request: Request[Any, Any, Any],
    state: State,
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[signing_in.SignedIn]:
    """登录;工作人员须带动态口令。 Problems: 401 `wrong-credentials`, 423 `login-locked`, 429."""
    origin = request.client.host if request.client else ""
    await state.limiter.take(f"sign-in {origin}", state.settings.limit_sign_in, now)
    done = await signing_in.sign_in(
        session, state.pool, data.login, data.password, data.otp, origin=origin, now=now
    )
    return Response(
        done,
        cookies=[session_cookie(done.access_token, state.settings)],
        headers={"Cache-Control": "no-store"},
    )


@delete("/v1/sessions/current", guards=[signed_in])
async def close_session(
    state: State,
    caller: NamedDependency[Caller],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[None]:
    """退出登录;令牌立即失效。"""
    await signing_in.sign_out(session, caller, now)
    return Response(None, status_code=204, cookies=[session_cookie(None, state.settings)])


class GrantView(msgspec.Struct, frozen=True):
    """One role and where it is held."""

    role: str
    region: str | None
    organisation: str | None


class Me(msgspec.Struct, frozen=True):
    """Who I am and what I may do."""

    id: str
    kind: str
    name: str | None
    roles: list[str]
    grants: list[GrantView]
    regions: list[str]
    organisation: str | None
    scopes: list[str]
    may: list[str]


MAY: dict[Role, tuple[str, ...]] = {
    Role.TALENT: ("apply", "present_card", "submit_request", "rate"),
    Role.UNIT_MANAGER: ("assign_specialist", "endorse", "propose_revocation"),
    Role.UNIT_SPECIALIST: ("complete_application",),
    Role.REVIEWER: ("review_application",),
    Role.OFFICE: ("consent_application",),
    Role.STEWARD: ("see_own_talents", "push_request", "message"),
    Role.PARTNER_CLERK: ("handle_request",),
    Role.CENTRE: ("monitor", "call_back", "rule", "publish"),
    Role.SYSTEM_ADMIN: ("manage_accounts", "manage_settings"),
    Role.SECURITY_ADMIN: ("manage_grants",),
    Role.AUDITOR: ("read_audit",),
}
SCOPE_MAY = {
    "requests:handle": "handle_request",
    "cards:verify": "verify_card",
    "cards:redeem": "redeem_benefit",
}


@get("/v1/me", guards=[signed_in])
async def me(caller: NamedDependency[Caller]) -> Me:
    """我是谁、有哪些角色、在哪个区域、可以做什么 (api.md 2.2)。"""
    may = {act for grant in caller.grants for act in MAY[grant.role]}
    may |= {SCOPE_MAY[scope] for scope in caller.scopes}
    organisation = caller.partner_id or next(
        (g.organisation_id for g in caller.grants if g.organisation_id), None
    )
    return Me(
        id=caller.id,
        kind="person" if caller.grants else "client",
        name=caller.name or None,
        roles=caller.roles,
        grants=[
            GrantView(g.role, g.region, str(g.organisation_id) if g.organisation_id else None)
            for g in caller.grants
        ],
        regions=sorted({g.region for g in caller.grants if g.region}),
        organisation=str(organisation) if organisation else None,
        scopes=sorted(caller.scopes),
        may=sorted(may),
    )


@post("/oauth/token", status_code=200, opt={"open": True, "no_key": True, "form": "token"})
async def token(
    request: Request[Any, Any, Any],
    state: State,
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[tokens.AccessToken]:
    """机器取得访问令牌(OAuth 2.0 client credentials);错误按 RFC 6749 的形式返回。"""
    form = _form_of(request, await request.body())
    if form.get("grant_type") != "client_credentials":
        raise tokens.OAuthRefusal("unsupported_grant_type", "只支持 client_credentials。")
    base = state.settings.base_url
    audience = frozenset({base, f"{base}/oauth/token"})
    shown = _credentials_of(request, form)
    client = await tokens.authenticate(session, shown, audience=audience, now=now)
    scopes = tokens.scopes_of(client, form.get("scope"))
    signing = next(k for k in await keys.access_keys(session, now) if k.not_before <= now)
    minted = tokens.mint(client, scopes, signing, issuer=base, now=now)
    return Response(minted, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _form_of(request: Request[Any, Any, Any], body: bytes) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise tokens.OAuthRefusal(
            "invalid_request", "请用 application/x-www-form-urlencoded 提交。"
        )
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError as wrong:
        raise tokens.OAuthRefusal("invalid_request", "表单不可读。") from wrong
    if len(dict(pairs)) != len(pairs):
        raise tokens.OAuthRefusal("invalid_request", "参数重复。")
    if any("\0" in value for _, value in pairs):
        raise tokens.OAuthRefusal("invalid_request", "含有不能使用的字符。")
    return dict(pairs)


def _credentials_of(request: Request[Any, Any, Any], form: dict[str, str]) -> tokens.Credentials:
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = (
                base64.b64decode(packed.strip(), validate=True).decode().partition(":")
            )
        except (binascii.Error, ValueError) as wrong:
            raise tokens.OAuthRefusal("invalid_client", "Authorization 不可读。", 401) from wrong
        return tokens.Credentials(unquote(name), secret=unquote(secret))
    if form.get("client_assertion_type") == tokens.ASSERTION:
        assertion = form.get("client_assertion", "")
        name = form.get("client_id") or tokens.issuer_of(assertion)
        return tokens.Credentials(name, assertion=assertion)
    return tokens.Credentials(form.get("client_id", ""), secret=form.get("client_secret", ""))


def on_refusal(_: Request[Any, Any, Any], refusal: tokens.OAuthRefusal) -> Response[Any]:
    """RFC 6749 5.2."""
    headers = {"Cache-Control": "no-store"}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="huicaika"'
    return Response(
        {"error": refusal.error, "error_description": refusal.description},
        status_code=refusal.status,
        headers=headers,
    )


@get("/.well-known/oauth-authorization-server", opt={"open": True})
async def metadata(state: State) -> dict[str, Any]:
    """授权服务器元数据 (RFC 8414)。"""
    base = state.settings.base_url
    methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    return {
        "issuer": base,
        "token_endpoint": f"{base}/oauth/token",
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "scopes_supported": list(SCOPES),
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "service_documentation": f"{base}/schema",
    }


ROUTES = [open_session, close_session, me, token, metadata]
