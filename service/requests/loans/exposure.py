"""What is lent and not paid back: by city, bank and product, for 专家中心 (guide.md 5.1)."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from service.partners.models import Partner
from service.reference import regions
from service.reference.regions import Regions
from service.requests.loans.models import Loan
from service.requests.loans.money import yuan_of
from service.requests.loans.terms import PRODUCTS


class By(StrEnum):
    """What the loans are added up by; a county's belong to its city."""

    CITY_PRODUCT = "city_product"
    CITY = "city"
    BANK = "bank"
    PRODUCT = "product"


class Lent(NamedTuple):
    """Open loans of one place, bank and product, in 分; `costs`: 分 times percent a year of those
    whose rate is known, `costed` their 分."""

    region: str
    bank: str
    offering: str
    loans: int
    granted: int
    drawn: int
    balance: int
    exposure: int
    costs: Decimal
    costed: int


class ExposureRow(msgspec.Struct, frozen=True, kw_only=True):
    """Open loans. Of the balances the government would make good `exposure_yuan`, the banks bear
    `bank_exposure_yuan`; `mean_rate_percent` is weighted by what was granted."""

    key: str
    name: str
    region: str | None
    product: str | None
    loans: int
    granted_yuan: str
    drawn_yuan: str
    balance_yuan: str
    exposure_yuan: str
    bank_exposure_yuan: str
    mean_rate_percent: str | None


class ExposureTable(msgspec.Struct, frozen=True):
    """The rows by one dimension, and their sum."""

    by: By
    items: Sequence[ExposureRow]
    total: ExposureRow


async def lent(session: AsyncSession, places: Iterable[str]) -> list[Lent]:
    """What is open in these places and in all that lies in them."""
    known, places = await regions.of(session), tuple(places)
    risk = func.sum(Loan.balance * Loan.compensation_pct / 100)
    costs = func.sum(Loan.annual_rate_percent * Loan.granted)
    costed = func.sum(Loan.granted).filter(Loan.annual_rate_percent.is_not(None))
    query = (
        select(
            Loan.region, Partner.name, Loan.offering, func.count(), func.sum(Loan.granted),
            func.sum(Loan.drawn), func.sum(Loan.balance), risk, costs, costed,
        )
        .join(Partner, Partner.id == Loan.bank_id)
        .where(Loan.closed_at.is_(None))
        .group_by(Loan.region, Partner.name, Loan.offering)
    )  # fmt: skip
    found = [_lent(row) for row in await session.execute(query)]
    return [each for each in found if any(known.within(each.region, place) for place in places)]


def _lent(row: Row[*tuple[Any, ...]]) -> Lent:
    region, bank, offering, loans, *sums = row
    granted, drawn, balance, risk, costs, costed = (Decimal(each or 0) for each in sums)
    return Lent(
        region, bank, offering, loans, int(granted), int(drawn), int(balance), int(risk), costs,
        int(costed),
    )  # fmt: skip


def table(found: Sequence[Lent], by: By, known: Regions) -> ExposureTable:
    """The loans added up; the rows in the order of their keys. Pure."""
    keyed: dict[tuple[str, str, str | None, str | None], list[Lent]] = {}
    for each in found:
        keyed.setdefault(_KEYS[by](each, known), []).append(each)
    rows = [_row(*key, keyed[key]) for key in sorted(keyed, key=lambda key: key[:2])]
    return ExposureTable(by, rows, _row("", "合计", None, None, found))


def _of_city(each: Lent, known: Regions) -> tuple[str, str, str | None, str | None]:
    city = _city(each.region, known)
    return city, known.full_name(city), city, None


def _of_city_product(each: Lent, known: Regions) -> tuple[str, str, str | None, str | None]:
    city = _city(each.region, known)
    return f"{city} {each.offering}", known.full_name(city), city, PRODUCTS[each.offering]


_KEYS: dict[By, Callable[[Lent, Regions], tuple[str, str, str | None, str | None]]] = {
    By.CITY: _of_city,
    By.CITY_PRODUCT: _of_city_product,
    By.BANK: lambda each, _: (each.bank, each.bank, None, None),
    By.PRODUCT: lambda each, _: (
        each.offering, PRODUCTS[each.offering], None, PRODUCTS[each.offering],
    ),
}  # fmt: skip
"""Key, name, region and product of the row that a loan is added to."""


def _city(region: str, known: Regions) -> str:
    """The city that a place lies in; the province for what lies in none."""
    chain = known.chain(region)
    return next((at for at in chain if known.by_code[at].level == "city"), chain[-1])


def _row(
    key: str, name: str, region: str | None, product: str | None, found: Sequence[Lent]
) -> ExposureRow:
    balance, exposure = sum(x.balance for x in found), sum(x.exposure for x in found)
    costed = sum(x.costed for x in found)
    mean = sum((x.costs for x in found), Decimal(0)) / costed if costed else None
    return ExposureRow(
        key=key,
        name=name,
        region=region,
        product=product,
        loans=sum(x.loans for x in found),
        granted_yuan=yuan_of(sum(x.granted for x in found)),
        drawn_yuan=yuan_of(sum(x.drawn for x in found)),
        balance_yuan=yuan_of(balance),
        exposure_yuan=yuan_of(exposure),
        bank_exposure_yuan=yuan_of(balance - exposure),
        mean_rate_percent=f"{mean:.4f}" if mean is not None else None,
    )
