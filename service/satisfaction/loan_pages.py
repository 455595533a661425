"""专家中心's view of what is lent: the table, the page, a file of either (guide.md 5.1)."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller, Role
from service.auth.guards import roles
from service.pages.show import page
from service.reference import regions
from service.requests.loans import exposure
from service.requests.loans.exposure import By, ExposureTable
from service.satisfaction import sheets
from service.talents.importing.sheets import XLSX

COLUMNS: tuple[sheets.Column, ...] = (
    ("key", "代码"),
    ("name", "名称"),
    ("product", "产品"),
    ("loans", "笔数"),
    ("granted_yuan", "授信(元)"),
    ("drawn_yuan", "放款(元)"),
    ("balance_yuan", "余额(元)"),
    ("exposure_yuan", "政府敞口(元)"),
    ("bank_exposure_yuan", "银行敞口(元)"),
    ("mean_rate_percent", "平均年利率(%)"),
)
TITLES = {By.CITY_PRODUCT: "按地市和产品", By.BANK: "按银行", By.PRODUCT: "按产品"}


@get("/v1/centre/loans", guards=[roles(Role.CENTRE)], opt={"sheet": True})
async def table(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    by: By = By.CITY_PRODUCT,
) -> Response[ExposureTable]:
    """未结清的贷款:笔数、授信、放款、余额、政府和银行的敞口,按地市(县归入市)、银行或产品;
    可要 CSV、XLSX。 Problems: 406, 422.
    """
    lent = await exposure.lent(session, caller.regions(Role.CENTRE))
    found = exposure.table(lent, by, await regions.of(session))
    return sheets.answer(request, found, COLUMNS)


@get("/centre/loans", guards=[roles(Role.CENTRE)], opt={"page": True}, include_in_schema=False)
async def loans(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """贷款敞口。"""
    known = await regions.of(session)
    lent = await exposure.lent(session, caller.regions(Role.CENTRE))
    return page(
        request,
        "satisfaction/templates/centre_loans.html",
        tables=[(by, title, exposure.table(lent, by, known)) for by, title in TITLES.items()],
    )


@get("/centre/loans/file", guards=[roles(Role.CENTRE)], opt={"page": True}, include_in_schema=False)
async def file(
    session: NamedDependency[AsyncSession],
    caller: NamedDependency[Caller],
    by: By,
    xlsx: bool = False,
) -> Response[Any]:
    """页面上的一张表,存为文件。"""
    lent = await exposure.lent(session, caller.regions(Role.CENTRE))
    found = exposure.table(lent, by, await regions.of(session))
    return sheets.file_of(found, COLUMNS, XLSX if xlsx else sheets.CSV, "loans")


ROUTES: list[Any] = [table, loans, file]
