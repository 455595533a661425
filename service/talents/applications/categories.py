"""人才类别 (guide.md 2.1): the officials' table, read into values."""

from datetime import date, timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from service.problems import Problem
from service.reference import tables

YEARS = 5


class ContractOver(Problem):
    """The time that a card would stand for is over already."""

    code = "contract-over"
    status = 409
    title = "合同期或管理期已届满"
    advice = "请退回申请人更新合同期或管理期后再通过。"


class Category(msgspec.Struct, frozen=True):
    """One category as the table has it."""

    category: int
    name_zh: str
    route: str
    consent: str
    validity: tuple[str, ...]
    tier: str
    age_limit: int | None
    evidence: tuple[str, ...]

    @property
    def has_quota(self) -> bool:
        """Whether an enterprise may put somebody forward for it (guide.md 2.2)."""
        return self.route == "panel"

    def too_old(self, born_on: date | None, today: date) -> bool:
        """Whether somebody has passed the age limit: 55 means until the 56th birthday."""
        if self.age_limit is None or born_on is None:
            return False
        return age_on(born_on, today) > self.age_limit

    def valid_until(
        self, management_until: date | None, contract_until: date | None, today: date
    ) -> date:
        """The card's last day: 管理期, else the contract's, else 5 years (guide.md 2.4).

        Raises ContractOver where that day has passed.
        """
        given = {"management_period": management_until, "contract": contract_until}
        for ground in self.validity:
            found = in_years(today, YEARS) if ground == "5y" else given.get(ground)
            if found is not None:
                if found < today:
                    raise ContractOver
                return found
        return in_years(today, YEARS)


def age_on(born_on: date, today: date) -> int:
    """Full years."""
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))


def in_years(today: date, years: int) -> date:
    """The last of so many years that begin today."""
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return today.replace(year=today.year + years, day=day) - timedelta(days=1)


async def of(session: AsyncSession) -> dict[int, Category]:
    """The categories in force, by number."""
    rows = await tables.rows_of(session, "categories")
    return {each.category: each for each in (_read(row) for row in rows)}


def _read(row: tables.Row) -> Category:
    return Category(
        category=int(row["category"]),
        name_zh=row["name_zh"],
        route=row["route"],
        consent=row["consent"],
        validity=tuple(row["validity"].split("|")),
        tier=row["tier"],
        age_limit=int(row["age_limit"]) if row["age_limit"] else None,
        evidence=tuple(each for each in row.get("evidence", "").split(";") if each),
    )
