"""The doors of 服务事项 (api.md 4). Public information: nobody needs to sign in."""

import hashlib
from datetime import date, datetime
from typing import Annotated, Any, Literal

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from service import paging
from service.etag import unchanged
from service.offerings import queries
from service.offerings.catalogue import SHANGHAI
from service.offerings.models import CODE
from service.offerings.queries import Search
from service.offerings.views import Offering, view
from service.problems import NotFound

CACHE = "public, max-age=60"
IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match")]


@get("/v1/offerings", opt={"open": True})
async def list_offerings(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
    sector: Annotated[
        Literal["public", "social", "market"] | None, QueryParameter(description="公共、社会、市场")
    ] = None,
    mode: Annotated[
        Literal["case", "benefit"] | None, QueryParameter(description="申请办理,或出示卡即享")
    ] = None,
    q: Annotated[
        str | None, QueryParameter(max_length=100, description="中文词、全拼或拼音首字母")
    ] = None,
    region: Annotated[
        str | None, QueryParameter(max_length=20, description="行政区划代码:在那里能办的")
    ] = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response[paging.Page[Offering] | None]:
    """服务事项,按代码排列;已停办的不列,仍可按代码读取。 Problems: 400 `invalid-cursor`, 422."""
    today = now.astimezone(SHANGHAI).date()
    wanted = Search(sector=sector, mode=mode, q=q, region=region)
    after = queries.code_at(paging.after(cursor))
    found = await queries.search(session, wanted, today, after=after, limit=limit)
    shown = [view(version, today) for version in found]
    page = paging.page_of(shown, limit, lambda each: queries.place_of(each.code))
    told = "\n".join(_revision(each) for each in shown)
    tag = f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'
    if unchanged(if_none_match, tag):
        return Response(None, status_code=304, headers={"ETag": tag, "Cache-Control": CACHE})
    answer: Response[paging.Page[Offering] | None] = paging.answer(request, page)  # type: ignore[assignment]
    answer.headers.update({"ETag": tag, "Cache-Control": CACHE})
    return answer


@get("/v1/offerings/{code:str}", opt={"open": True})
async def read_offering(
    code: FromPath[str],
    session: NamedDependency[AsyncSession],
    now: NamedDependency[datetime],
    at: Annotated[date | None, QueryParameter(description="那一天所用的版本")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response[Offering | None]:
    """一个服务事项;带 at 时为当日所用的版本。 Problems: 404, 422."""
    today = now.astimezone(SHANGHAI).date()
    if not CODE.fullmatch(code):
        raise NotFound
    version = await queries.current(session, code, at or today)
    if version is None:
        raise NotFound
    shown = view(version, today)
    headers = {"ETag": f'"{_revision(shown)}"', "Cache-Control": CACHE}
    if unchanged(if_none_match, headers["ETag"]):
        return Response(None, status_code=304, headers=headers)
    return Response(shown, headers=headers)


def _revision(shown: Offering) -> str:
    """What makes two answers differ: the version, and whether it is the season."""
    return f"{shown.code}.{shown.version}.{'open' if shown.window_open else 'closed'}"


ROUTES: list[Any] = [list_offerings, read_offering]
