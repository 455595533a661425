"""市级人才卡: which city's card gives which of our services (`municipal.tsv`, guide.md 3.2)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy.ext.asyncio import AsyncSession

from service.offerings import queries as offerings
from service.offerings.entitlement import Gift
from service.reference import regions, tables
from service.reference.tables import BadTable
from service.worktime.hours import SHANGHAI

TABLE = "municipal"
ANY_TIER = "-"
CityTier = tuple[str, str]
Gifts = Mapping[CityTier, Gift]
"""What each city's card (of a tier, or of any) gives of one service."""


def gifts_of(rows: Iterable[Mapping[str, str]]) -> dict[str, dict[CityTier, Gift]]:
    """The table by offering."""
    found: dict[str, dict[CityTier, Gift]] = {}
    for row in rows:
        gift = Gift(
            int(row["annual_limit"]) if row["annual_limit"] else None,
            int(row["companions_max"] or 0),
            row["card_name"],
            row["amount_yuan"] or None,
        )
        found.setdefault(row["offering"], {})[row["city"], row["tier"]] = gift
    return found


def held(gifts: Gifts, cards: Sequence[CityTier]) -> list[Gift]:
    """What these cards give; a row of the card's tier stands before one of any tier."""
    found = (gifts.get(card) or gifts.get((card[0], ANY_TIER)) for card in cards)
    return [gift for gift in found if gift is not None]


def tiers_of(rows: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    """The tiers that each city of the table tells apart."""
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["city"], set()).add(row["tier"])
    return {city: sorted(tiers) for city, tiers in sorted(found.items())}


async def check_table(session: AsyncSession, rows: Sequence[dict[str, str]], now: datetime) -> None:
    """Every row names a city and an offering that there are; raises BadTable."""
    known = await regions.of(session)
    today = now.astimezone(SHANGHAI).date()
    cities = {city.code for city in known.cities(today)}
    codes = {version.code for version in await offerings.in_force(session, today)}
    for row in rows:
        wrong = [
            name
            for name, right in {
                "city": row["city"] in cities,
                "offering": row["offering"] in codes,
                "card_name": bool(row["card_name"]),
                "annual_limit": _is_number(row["annual_limit"]),
                "companions_max": _is_number(row["companions_max"]),
                "amount_yuan": _is_amount(row["amount_yuan"]),
            }.items()
            if not right
        ]
        if wrong:
            place = f"{row['city']} {row['offering']}"
            raise BadTable(f"市级人才卡 {place} 的这些列有误: {'、'.join(wrong)}。")


def _is_number(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit() and len(text) <= 4)


def _is_amount(text: str) -> bool:
    try:
        return not text or Decimal(text) >= 0
    except InvalidOperation:
        return False


tables.on_load(TABLE, check_table)
