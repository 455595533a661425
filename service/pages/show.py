"""How a page is shown: layout's variables, words for times, the way from role to home."""

import hashlib
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response
from litestar.contrib.jinja import JinjaTemplateEngine
from litestar.response import Template

from service.auth.callers import Caller, Role
from service.etag import unchanged
from service.problems import Problem
from service.worktime.words import display

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKDAYS = "一二三四五六日"

CARDS_SEEN = (
    Role.REVIEWER, Role.OFFICE, Role.UNIT_MANAGER, Role.UNIT_SPECIALIST, Role.STEWARD,
)  # fmt: skip
NAV: tuple[tuple[tuple[Role, ...], str, str], ...] = (
    ((Role.TALENT,), "/card", "我的卡"),
    ((Role.TALENT,), "/card/entitlements", "我的权益"),
    ((Role.TALENT,), "/my/requests", "服务申请"),
    ((Role.TALENT,), "/my/family", "家庭成员"),
    ((Role.TALENT,), "/my/application", "办卡申请"),
    (
        (Role.REVIEWER, Role.OFFICE, Role.UNIT_MANAGER, Role.UNIT_SPECIALIST),
        "/review",
        "办卡审核",
    ),
    ((Role.UNIT_MANAGER, Role.UNIT_SPECIALIST), "/unit", "本单位人才"),
    ((Role.REVIEWER, Role.OFFICE), "/quotas", "企业名额"),
    ((Role.STEWARD,), "/steward", "我服务的人才"),
    (CARDS_SEEN, "/cards", "惠才卡"),
    (CARDS_SEEN, "/card-matters", "卡务"),
    ((Role.PARTNER_CLERK,), "/desk", "待办申请"),
    ((Role.PARTNER_CLERK,), "/desk/batches", "批次名额"),
    ((Role.PARTNER_CLERK,), "/counter", "核验核销"),
    ((Role.PARTNER_CLERK,), "/centre/bad-ratings", "差评整改"),
    ((Role.PARTNER_CLERK,), "/console", "接入"),
    ((Role.CENTRE,), "/centre", "专家中心"),
    ((Role.CENTRE,), "/centre/bad-ratings", "差评回访"),
    ((Role.CENTRE,), "/centre/rulings", "裁定"),
    ((Role.CENTRE,), "/centre/forecast", "超期预测"),
    ((Role.CENTRE,), "/centre/breaches", "超期"),
    ((Role.CENTRE,), "/centre/conflicts", "离线冲突"),
    ((Role.CENTRE,), "/centre/offerings", "服务事项"),
    ((Role.CENTRE,), "/centre/routing", "派单规则"),
    ((Role.CENTRE,), "/centre/calendars", "工作日历"),
    ((Role.CENTRE,), "/centre/loans", "贷款"),
    ((Role.STEWARD, Role.CENTRE), "/absences", "离岗与代班"),
    ((Role.AUDITOR,), "/audit", "审计"),
    ((Role.SYSTEM_ADMIN, Role.AUDITOR), "/dead-letters", "死信"),
    ((Role.SYSTEM_ADMIN,), "/sendings", "外发消息"),
)
"""Which pages a role has, in the order in which they are offered; the first is its home."""


def nav_of(caller: Caller | None) -> list[tuple[str, str]]:
    """The pages that the caller's roles have."""
    if caller is None:
        return []
    return [(path, label) for roles, path, label in NAV if caller.has(*roles)]


def here_of(nav: list[tuple[str, str]], at: str) -> str:
    """The one of these pages that the path belongs to: the longest, if several begin it."""
    own = [path for path, _ in nav if at == path or at.startswith(f"{path}/")]
    return max(own, key=len, default="")


def home_of(caller: Caller | None) -> str:
    """Where somebody lands after signing in."""
    pages = nav_of(caller)
    return pages[0][0] if pages else "/me"


def page(
    request: Request[Any, Any, Any],
    name: str,
    *,
    problem: Problem | None = None,
    told: str | None = None,
    status: int | None = None,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Template:
    """The page `name` (`talents/templates/card.html`) for whoever asks.

    `problem` is shown above the content and gives its status; `told` is one sentence of success.
    """
    caller: Caller | None = request.scope.get("user")
    nav = nav_of(caller)
    return Template(
        template_name=name,
        context={
            "caller": caller,
            "nav": nav,
            "here": here_of(nav, request.url.path),
            "problem": problem,
            "told": told,
            **context,
        },
        status_code=status or (problem.status if problem else 200),
        media_type="text/html",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def cacheable(request: Request[Any, Any, Any], shown: Template) -> Response[Any]:
    """A page that is the same for everybody: anybody may keep it for a minute, and ask by its ETag
    whether it still stands. With somebody's name on it, it is theirs alone.
    """
    if request.scope.get("user") is not None:
        return shown
    body = shown.to_asgi_response(app=None, request=request).body
    headers = {
        "Cache-Control": "public, max-age=60",
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Vary": "Cookie, Authorization",
    }
    if unchanged(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(None, status_code=304, headers=headers)
    return Response(body, media_type="text/html", headers=headers)


def when(moment: datetime | None) -> str:
    """`3月2日(周一) 10:00`, in Shanghai."""
    if moment is None:
        return "—"
    local = moment.astimezone(SHANGHAI)
    weekday = WEEKDAYS[local.weekday()]
    return f"{local.month}月{local.day}日(周{weekday}) {local:%H:%M}"


def day(moment: date | datetime | None) -> str:
    """`2026年3月2日`."""
    if moment is None:
        return "—"
    local = moment.astimezone(SHANGHAI) if isinstance(moment, datetime) else moment
    return f"{local.year}年{local.month}月{local.day}日"


def until(moment: datetime | None) -> str:
    """`3月9日(周一)24:00`: midnight is the end of the day that people count (time.md B2)."""
    return "—" if moment is None else display(moment)


def left(until: datetime | None, now: datetime) -> str:
    """How much wall time is left: `还剩 2 天 3 小时`, `已超 5 小时`."""
    if until is None:
        return "暂停计时"
    seconds = int((until - now).total_seconds())
    word, seconds = ("还剩", seconds) if seconds >= 0 else ("已超", -seconds)
    return f"{word} {span(seconds)}"


def span(seconds: float) -> str:
    """So much wall time: `2 天 3 小时`, `5 小时 20 分`, `7 分`."""
    days, hours, minutes = (
        int(n) for n in (seconds // 86400, seconds % 86400 // 3600, seconds % 3600 // 60)
    )
    if days:
        return f"{days} 天 {hours} 小时"
    return f"{hours} 小时 {minutes} 分" if hours else f"{minutes} 分"


def prepare_engine(engine: JinjaTemplateEngine) -> None:
    """Give templates their words."""
    environment = engine.engine
    environment.filters.update(when=when, day=day, until=until)
    environment.globals.update(left=left, span=span)
    environment.trim_blocks = environment.lstrip_blocks = True
