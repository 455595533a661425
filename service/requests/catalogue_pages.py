"""服务事项 for everybody, without signing in: the search, and one page an offering (api.md 4.1)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from service.offerings import queries
from service.offerings.entitlement import MUNICIPAL, UNITS, exclusions_of
from service.offerings.models import CODE, OfferingVersion
from service.offerings.queries import Search
from service.offerings.windows import window_open
from service.pages.show import cacheable, page
from service.problems import NotFound
from service.reference import regions
from service.requests import form_words, words
from service.requests.new_pages import places_of
from service.talents.applications import categories
from service.worktime.hours import SHANGHAI

LIST = "/offerings"
PAGE: dict[str, Any] = {"opt": {"open": True, "page": True}, "include_in_schema": False}
MODES = {"case": "申请办理", "benefit": "出示卡即享"}
BASES = {"P": "主管部门已公布", "A": "系统默认,待主管部门确认"}
MOST = 500
"""More offerings than there ever are; the page shows them all at once."""


@get(LIST, **PAGE)
async def offerings(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """服务目录:按名称、拼音、类型、对象和地区查找。"""
    today = now.astimezone(SHANGHAI).date()
    known, places = await categories.of(session), await regions.of(session)
    given = {name: request.query_params.get(name, "")[:100] for name in SIFTED}
    wanted = Search(
        sector=given["sector"] if given["sector"] in words.SECTORS else None,
        mode=given["mode"] if given["mode"] in MODES else None,
        q=given["q"],
        region=given["region"] if places.is_current(given["region"], today) else None,
        category=next((n for n in known if str(n) == given["category"]), None),
        beneficiary=given["for"] if given["for"] in words.KINDS else None,
    )
    found = await queries.search(session, wanted, today, after="", limit=MOST)
    ended = msgspec.structs.replace(wanted, stopped=True)
    shown = page(
        request,
        "requests/templates/offerings.html",
        groups=_groups(found),
        number=len(found),
        stopped=await queries.search(session, ended, today, after="", limit=MOST),
        given=given,
        sectors=words.SECTORS,
        modes=MODES,
        categories=known.values(),
        kinds=words.KINDS,
        places=places_of(places, today),
        is_open={each.code: window_open(each.window, today) for each in found},
        window=words.window,
        units=UNITS,
    )
    return cacheable(request, shown)


SIFTED = ("q", "sector", "mode", "category", "for", "region")
"""By what the catalogue may be narrowed."""


def _groups(found: Sequence[OfferingVersion]) -> list[tuple[str, list[OfferingVersion]]]:
    groups = [
        (name, [each for each in found if each.sector == sector])
        for sector, name in words.SECTORS.items()
    ]
    return [each for each in groups if each[1]]


@get(LIST + "/{code:str}", **PAGE)
async def offering(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """一个服务事项;带 at 时为那一天所用的版本。"""
    today = now.astimezone(SHANGHAI).date()
    at = _day(request.query_params.get("at", "")) or today
    version = await queries.current(session, code, at) if CODE.fullmatch(code) else None
    if version is None:
        raise NotFound
    names = {each.code: each.name_zh for each in await queries.in_force(session, today)}
    known = await categories.of(session)
    exclusions = exclusions_of(version.exclusive_with)
    shown = page(
        request,
        "requests/templates/offering.html",
        each=version,
        today=today,
        versions=await queries.versions_of(session, code),
        in_force=await queries.current(session, code, today),
        sectors=words.SECTORS,
        mode=MODES[version.mode],
        basis=BASES.get(version.basis, ""),
        categories=[(n, known[n].name_zh) for n in version.categories if n in known],
        kinds=[words.KINDS.get(kind, kind) for kind in version.beneficiaries],
        is_open=window_open(version.window, today),
        has_stopped=version.has_stopped(today),
        instead=names.get(version.instead or ""),
        window=words.window(version.window) if version.window else "",
        unit=UNITS.get(version.unit, version.unit),
        beside=[(other, names.get(other, other)) for other in sorted(exclusions - {MUNICIPAL})],
        municipal=MUNICIPAL in exclusions,
        asked=form_words.asked(version.form_schema),
        leaves=form_words.titles(version.form_schema, version.shared_fields),
        results=form_words.titles(version.result_schema),
    )
    return cacheable(request, shown)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


ROUTES: list[Any] = [offerings, offering]
