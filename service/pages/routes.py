"""Signing in and out for people, the way home, and the pages' files."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pyotp
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Template
from litestar.static_files import create_static_files_router
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth import signing_in
from service.auth.callers import Caller
from service.auth.routes import session_cookie
from service.pages.show import home_of, page
from service.problems import Problem
from service.reference import regions
from service.reference.regions import Regions
from service.settings import Settings

STATIC = Path(__file__).parent / "static"
SIGN_IN = "pages/templates/sign_in.html"

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("人才", ("talent",)),
    ("用人单位", ("unit_manager", "unit_specialist")),
    ("审核与同意", ("reviewer", "office")),
    ("办理单位与服务专员", ("partner_clerk", "steward")),
    ("专家中心", ("centre",)),
    ("三员", ("system_admin", "security_admin", "auditor")),
)
ROLE_NAMES = {
    "talent": "人才",
    "unit_manager": "单位业务负责人",
    "unit_specialist": "单位服务专员",
    "reviewer": "人社窗口",
    "office": "省人才办",
    "partner_clerk": "办理单位经办人",
    "steward": "服务专员",
    "centre": "专家中心",
    "system_admin": "系统管理员",
    "security_admin": "安全管理员",
    "auditor": "审计员",
}


class SignInForm(msgspec.Struct, frozen=True):
    """What the sign-in page sends: a name and its secrets, or a sample person's login."""

    login: Annotated[str, msgspec.Meta(max_length=200)] = ""
    password: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    otp: Annotated[str, msgspec.Meta(max_length=10)] = ""
    sample: Annotated[str, msgspec.Meta(max_length=200)] = ""
    next: Annotated[str, msgspec.Meta(max_length=500)] = ""


class Sample(msgspec.Struct, frozen=True):
    """One sample person as the sign-in page offers them."""

    login: str
    name: str
    note: str


def sample_people(settings: Settings) -> list[dict[str, Any]]:
    """The people of the local set-up's own file; nobody anywhere else (api.md 7.2)."""
    path = settings.data / "local.json"
    if not settings.local or not path.exists():
        return []
    people: list[dict[str, Any]] = json.loads(path.read_text())["people"]
    return people


def samples_of(settings: Settings, places: Regions) -> list[tuple[str, list[Sample]]]:
    """The sample people by group, as the page shows them."""
    people = sample_people(settings)
    shown = []
    for title, roles in GROUPS:
        group = [
            Sample(
                each["login"],
                each["name"],
                " · ".join(
                    part
                    for part in (
                        ROLE_NAMES.get(each["role"], each["role"]),
                        each.get("organisation") or places.full_name(each.get("region", "")),
                    )
                    if part
                ),
            )
            for each in people
            if each["role"] in roles
        ]
        if group:
            shown.append((title, group))
    return shown


def filled(form: SignInForm, settings: Settings, now: datetime) -> SignInForm:
    """The form with a sample person's own secrets, where one was chosen."""
    for each in sample_people(settings) if form.sample else ():
        if each["login"] == form.sample:
            secret = each.get("totp_secret")
            otp = pyotp.TOTP(secret).at(int(now.timestamp())) if secret else ""
            return SignInForm(each["login"], each["password"], otp, next=form.next)
    return form


def safe_next(path: str) -> str:
    """A path of ours; anything that would lead elsewhere is dropped."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if ours and "\n" not in path and "\r" not in path else ""


@get("/sign-in", opt={"open": True, "page": True}, include_in_schema=False)
async def sign_in_page(
    request: Request[Any, Any, Any], state: State, session: NamedDependency[AsyncSession]
) -> Template:
    """登录页;本机试用时可直接选样例人员。"""
    wanted = safe_next(request.query_params.get("next", ""))
    people = samples_of(state.settings, await regions.of(session))
    return page(request, SIGN_IN, next=wanted, samples=people)


@post(
    "/sign-in",
    opt={"open": True, "page": True, "own_limit": True},
    include_in_schema=False,
    status_code=303,
)
async def sign_in(
    data: Annotated[SignInForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    request: Request[Any, Any, Any],
    state: State,
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """登录并回到原来的页面;不成时说明原因。"""
    origin = request.client.host if request.client else ""
    form = filled(data, state.settings, now)
    wanted = safe_next(data.next)
    try:
        await state.limiter.take(f"sign-in {origin}", state.settings.limit_sign_in, now)
        async with session.begin_nested():
            done = await signing_in.sign_in(
                session,
                state.pool,
                form.login,
                form.password,
                form.otp or None,
                origin=origin,
                now=now,
            )
    except Problem as problem:
        return page(
            request,
            SIGN_IN,
            problem=problem,
            next=wanted,
            login=data.login,
            samples=samples_of(state.settings, await regions.of(session)),
        )
    return Redirect(
        wanted or "/", status_code=303, cookies=[session_cookie(done.access_token, state.settings)]
    )


@post("/sign-out", opt={"page": True}, include_in_schema=False, status_code=303)
async def sign_out(
    state: State,
    caller: NamedDependency[Caller],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Redirect:
    """退出登录。"""
    await signing_in.sign_out(session, caller, now)
    return Redirect("/sign-in", status_code=303, cookies=[session_cookie(None, state.settings)])


@get("/", opt={"page": True}, include_in_schema=False, status_code=303)
async def home(caller: NamedDependency[Caller]) -> Redirect:
    """各角色的首页。"""
    return Redirect(home_of(caller), status_code=303)


@get("/me", opt={"page": True}, include_in_schema=False)
async def who_am_i(request: Request[Any, Any, Any], caller: NamedDependency[Caller]) -> Template:
    """没有专用页面的角色看到的首页:我是谁,能做什么。"""
    roles = [ROLE_NAMES.get(role, role) for role in caller.roles]
    return page(request, "pages/templates/me.html", roles=roles)


@get("/card-worker.js", opt={"open": True, "own_limit": True}, include_in_schema=False)
async def card_worker() -> Response[bytes]:
    """打不开网络时显示卡的上一次状态的脚本;放在根下才管得到 /card。"""
    headers = {"Cache-Control": "no-cache"}
    return Response(
        (STATIC / "card-worker.js").read_bytes(), media_type="text/javascript", headers=headers
    )


ROUTES: list[Any] = [
    card_worker,
    sign_in_page,
    sign_in,
    sign_out,
    home,
    who_am_i,
    create_static_files_router(
        path="/static",
        directories=[STATIC],
        opt={"open": True, "own_limit": True},
        include_in_schema=False,
    ),
]
