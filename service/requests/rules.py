"""派单规则: the officials' table of who may get which offering where (api.md 5.6).

`load routes 文件` puts a newer one in force as a whole; every version stays readable.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service import ids
from service.offerings.models import Offering
from service.partners.models import Partner, Route
from service.reference import regions, tables
from service.reference.tables import BadTable, Row

TABLE = "routes"
ANY_TIME = date(2018, 1, 1)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One line: this partner may get this offering in this region."""

    offering: str
    region: str
    partner_id: UUID
    rank: int
    share: int
    daily_capacity: int | None
    batch_capacity: int | None
    opens_at: time | None
    closes_at: time | None
    valid_from: date
    valid_to: date | None

    @property
    def key(self) -> tuple[str, str, UUID, date]:
        """What makes it the same line in two versions."""
        return self.offering, self.region, self.partner_id, self.valid_from


async def read(session: AsyncSession, rows: Sequence[Row], first: int = 2) -> list[Rule]:
    """The rules of a table's rows, of which the first is line `first`; raises BadTable naming the
    line that is wrong."""
    partners = await _partners(session)
    offerings = set(await session.scalars(select(Offering.code)))
    places = await regions.of(session)
    found = []
    for number, row in enumerate(rows, first):
        if row["offering"] not in offerings:
            raise BadTable(f"第 {number} 行: 没有服务事项“{row['offering']}”。")
        if row["region"] not in places.by_code:
            raise BadTable(f"第 {number} 行: 没有行政区划“{row['region']}”。")
        named = partners.get(row["partner"], [])
        if len(named) != 1:
            why = "没有这个办理单位" if not named else "名称不唯一,请改用编号"
            raise BadTable(f"第 {number} 行: {why}: “{row['partner']}”。")
        try:
            found.append(_rule(row, named[0]))
        except ValueError as wrong:
            raise BadTable(f"第 {number} 行: {wrong}。") from wrong
    if len({rule.key for rule in found}) < len(found):
        raise BadTable("有两行的事项、地区、单位和起始日相同。")
    return found


async def _partners(session: AsyncSession) -> dict[str, list[UUID]]:
    """Partners by id and by name."""
    found: dict[str, list[UUID]] = {}
    for partner_id, name in await session.execute(select(Partner.id, Partner.name)):
        found.setdefault(str(partner_id), []).append(partner_id)
        found.setdefault(name, []).append(partner_id)
    return found


def _rule(row: Row, partner_id: UUID) -> Rule:
    rule = Rule(
        offering=row["offering"],
        region=row["region"],
        partner_id=partner_id,
        rank=_number(row, "rank") or 0,
        share=_number(row, "share") or 0,
        daily_capacity=_number(row, "daily_capacity"),
        batch_capacity=_number(row, "batch_capacity"),
        opens_at=_read(row, "opens_at", time.fromisoformat),
        closes_at=_read(row, "closes_at", time.fromisoformat),
        valid_from=_read(row, "valid_from", date.fromisoformat) or ANY_TIME,
        valid_to=_read(row, "valid_to", date.fromisoformat),
    )
    if rule.opens_at and rule.closes_at and rule.opens_at >= rule.closes_at:
        raise ValueError("opens_at 应早于 closes_at")
    if rule.valid_to and rule.valid_to < rule.valid_from:
        raise ValueError("valid_to 早于 valid_from")
    return rule


def _read(row: Row, column: str, kind: Callable[[str], Any]) -> Any:
    """A cell, or None where it is empty; raises ValueError naming the column."""
    try:
        return kind(row[column]) if row[column] else None
    except ValueError:
        raise ValueError(f"{column} 写得不对: “{row[column]}”") from None


def _number(row: Row, column: str) -> int | None:
    text = row[column]
    if text and not (text.isascii() and text.isdigit() and len(text) < 7):
        raise ValueError(f"{column} 应是不带符号的整数: “{text}”")
    return int(text) if text else None


def of_route(route: Route) -> Rule:
    """The rule that a row holds."""
    fields = Rule.__struct_fields__
    return Rule(**{name: getattr(route, name) for name in fields})


async def in_force(session: AsyncSession) -> list[Rule]:
    """All rules, in a steady order."""
    found = [of_route(route) for route in await session.scalars(select(Route))]
    return sorted(found, key=lambda rule: (rule.offering, rule.region, rule.rank, rule.key))


def lines_of(rules: Sequence[Rule], names: Mapping[UUID, str]) -> list[str]:
    """The table's text, partners by name: to be edited and loaded again."""
    columns = tables.COLUMNS[TABLE]
    rows = (row_of(rule, names) for rule in rules)
    return ["\t".join(columns), *("\t".join(row[each] for each in columns) for row in rows)]


def row_of(rule: Rule, names: Mapping[UUID, str]) -> Row:
    """The rule as a row of the table; a partner without a name there by its id."""
    return {
        column: names.get(rule.partner_id, str(rule.partner_id))
        if column == "partner"
        else _cell(getattr(rule, column))
        for column in tables.COLUMNS[TABLE]
    }


def _cell(value: Any) -> str:
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return "" if value is None else str(value)


async def _apply(session: AsyncSession, rows: Sequence[Row], now: datetime) -> None:
    """Make the routes what the table says, and touch nothing else."""
    wanted = {rule.key: rule for rule in await read(session, rows)}
    for route in await session.scalars(select(Route)):
        rule = wanted.pop(of_route(route).key, None)
        if rule is None:
            await session.delete(route)
        elif rule != of_route(route):
            for name in Rule.__struct_fields__:
                setattr(route, name, getattr(rule, name))
    for rule in wanted.values():
        session.add(Route(id=ids.new_id(), **msgspec.structs.asdict(rule)))
    await session.flush()


tables.on_load(TABLE, _apply)
