"""Each line checked by itself, then against the others and against what is there already."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from stdnum.cn import uscc

from service.pages.show import SHANGHAI
from service.problems import InvalidBody
from service.reference import regions
from service.reference.regions import Regions
from service.talents import alike, people
from service.talents.applications import categories
from service.talents.applications.categories import Category
from service.talents.cards.card import LIVE, Card
from service.talents.importing import sheets
from service.talents.importing.sheets import Row
from service.talents.models import Person, Unit
from service.talents.people import Checked, PersonGiven

ID_KINDS = {
    "": "resident_id", "居民身份证": "resident_id", "护照": "passport",
    "港澳台居民居住证": "hmt_residence",
    "港澳居民来往内地通行证": "hmt_permit", "台湾居民来往大陆通行证": "hmt_permit",
    "外国人永久居留身份证": "foreign_pr",
}  # fmt: skip


class Good(NamedTuple):
    """A line that can become a card."""

    person: Checked
    blind: bytes
    person_id: UUID | None
    unit_id: UUID
    region: str
    category: int
    tier: str
    issued_on: date
    valid_until: date


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with a line: which column, a code, and what to do. Never what stood there."""

    line: int
    column: str
    code: str
    detail: str


class Known(NamedTuple):
    """What lines are checked against."""

    regions: Regions
    categories: dict[int, Category]
    units: dict[str, Unit]
    people: dict[bytes, UUID]
    holders: frozenset[UUID]
    today: date


class Checking(NamedTuple):
    """All lines: those that can become cards, by their place, and what is wrong with the others.

    `notes` are reasons to look at a line that is not wrong.
    """

    good: dict[int, Good]
    faults: list[Fault]
    places: dict[int, int]
    notes: list[Fault]

    @property
    def said(self) -> dict[int, str]:
        """What is wrong, by line, in one text each."""
        found: dict[int, list[str]] = {}
        for fault in self.faults:
            found.setdefault(self.places[fault.line], []).append(fault.detail)
        return {at: " ".join(texts) for at, texts in found.items()}


async def check(session: AsyncSession, rows: Sequence[Row], now: datetime) -> Checking:
    """Check a table; lines are counted as a spreadsheet does."""
    lines = [int(row.get(sheets.LINE, at + 2)) for at, row in enumerate(rows)]
    persons = [_person(row) for row in rows]
    blinds = [
        people.blind(each.id_kind, each.id_number) if isinstance(each, Checked) else b""
        for each in persons
    ]
    known = await _known(session, rows, blinds, now)
    twice = {blind for blind, count in Counter(blinds).items() if blind and count > 1}
    good, faults = {}, list[Fault]()
    for at, (row, person, blind) in enumerate(zip(rows, persons, blinds, strict=True)):
        found = [
            *_person_faults(lines[at], person),
            *_faults(lines[at], row, blind, blind in twice, known),
        ]
        faults += found
        if not found and isinstance(person, Checked):
            good[at] = _good(row, person, blind, known)
    notes = await _alike(session, [(lines[at], each) for at, each in good.items()])
    return Checking(good, faults, {line: at for at, line in enumerate(lines)}, notes)


ALIKE = "另有登记人姓名和出生日期相同,证件不同,请核对是否同一人;不影响导入。"


async def _alike(session: AsyncSession, good: Sequence[tuple[int, Good]]) -> list[Fault]:
    """The lines whose name and birthday somebody else has, in the table or in the database."""
    keys = [alike.key_of(each.person.name, each.person.born_on) for _, each in good]
    count = Counter(keys)
    there = await alike.known_keys(session, {key for key in keys if key})
    return [
        Fault(line, "name", "look-alike", ALIKE)
        for (line, each), key in zip(good, keys, strict=True)
        if key and (count[key] > 1 or there.get(key, set()) - {each.person_id})
    ]


async def _known(
    session: AsyncSession, rows: Sequence[Row], blinds: Sequence[bytes], now: datetime
) -> Known:
    codes = [code for code in {row["uscc"].upper() for row in rows} if uscc.is_valid(code)]
    units = list[Unit]()
    for start in range(0, len(codes), 10_000):
        asked = sa.select(Unit).where(Unit.uscc.in_(codes[start : start + 10_000]))
        units += await session.scalars(asked)
    wanted = [blind for blind in set(blinds) if blind]
    there: dict[bytes, UUID] = {}
    for start in range(0, len(wanted), 10_000):
        query = sa.select(Person.id_blind, Person.id)
        part = query.where(Person.id_blind.in_(wanted[start : start + 10_000]))
        there |= {bytes(row.id_blind): row.id for row in await session.execute(part)}
    holders = await _holders(session, list(there.values()))
    return Known(
        await regions.of(session), await categories.of(session), {u.uscc: u for u in units}, there,
        holders, now.astimezone(SHANGHAI).date(),
    )  # fmt: skip


async def _holders(session: AsyncSession, persons: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these people who hold a live card."""
    found: set[UUID] = set()
    for start in range(0, len(persons), 10_000):
        part = Card.person_id.in_(persons[start : start + 10_000])
        query = sa.select(Card.person_id).where(part, Card.state.in_(LIVE))
        found |= set(await session.scalars(query))
    return frozenset(found)


def _person(row: Row) -> Checked | InvalidBody | str:
    """Who it is; what is wrong; or the column whose text means nothing."""
    kind = ID_KINDS.get(row.get("id_kind", ""))
    if kind is None:
        return "id_kind"
    born_on = _day(row.get("born_on", "")) if row.get("born_on") else None
    if row.get("born_on") and born_on is None:
        return "born_on"
    try:
        given = {
            "name": row["name"], "id_number": row["id_number"], "phone": row["phone"],
            "id_kind": kind, "born_on": born_on,
        }  # fmt: skip
        return people.check(msgspec.convert(given, PersonGiven))
    except InvalidBody as wrong:
        return wrong
    except msgspec.ValidationError as wrong:
        found = [name for name in ("name", "id_number", "phone") if f"$.{name}" in str(wrong)]
        return found[0] if found else "name"


SAYS = {
    "id_kind": "证件类型不认识,请照模板说明填写。",
    "born_on": "出生日期不对,请写成 1990-03-07。",
    "name": "姓名应为 1–60 个字。",
    "id_number": "证件号码应为 5–20 位。",
    "phone": "手机号应为 7–20 位。",
}


def _person_faults(line: int, person: Checked | InvalidBody | str) -> list[Fault]:
    if isinstance(person, str):
        return [Fault(line, person, "invalid", SAYS[person])]
    if isinstance(person, InvalidBody):
        return [
            Fault(line, each.pointer.rpartition("/")[2], each.code, each.detail)
            for each in person.errors
        ]
    return []


def _faults(line: int, row: Row, blind: bytes, twice: bool, known: Known) -> list[Fault]:
    found = []

    def wrong(column: str, code: str, detail: str) -> None:
        found.append(Fault(line, column, code, detail))

    if twice:
        wrong("id_number", "twice", "同一证件在表中出现多次,请只留一行。")
    if known.people.get(blind) in known.holders:
        wrong("id_number", "card-exists", "此人已有有效的惠才卡,不能再导入。")
    code = row["uscc"].upper()
    if not uscc.is_valid(code):
        wrong("uscc", "invalid", "用人单位代码不对,请核对 18 位统一社会信用代码。")
    elif code not in known.units:
        wrong("uscc", "unknown", "用人单位尚未登记,请先登记单位。")
    if row["category"] not in {str(each) for each in known.categories}:
        wrong("category", "unknown", "类别应为 1–5。")
    region = row.get("region", "")
    if region and known.regions.get(region) is None:
        wrong("region", "unknown", "地区代码不对,请填山东的 6 位区划代码。")
    for fault in _date_faults(row, known.today):
        wrong(*fault)
    return found


def _date_faults(row: Row, today: date) -> list[tuple[str, str, str]]:
    issued, until = _day(row["issued_on"]), _day(row["valid_until"])
    found = []
    if issued is None or issued > today:
        found.append(("issued_on", "invalid", "发卡日期不对,请写成 2024-05-01,不晚于今天。"))
    if until is None or until < today:
        found.append(("valid_until", "invalid", "有效期至不对,或卡已过期;过期的请走办卡申请。"))
    if issued and until and until <= issued:
        found.append(("valid_until", "before-issue", "有效期至应晚于发卡日期。"))
    return found


def _day(text: str) -> date | None:
    """A day, written with dashes, slashes, dots, or as eight digits."""
    plain = text.strip().replace("/", "-").replace(".", "-")
    if plain.isdecimal() and len(plain) == 8:
        plain = f"{plain[:4]}-{plain[4:6]}-{plain[6:]}"
    parts = plain.split(" ")[0].split("-")
    try:
        return date(*(int(part) for part in parts)) if len(parts) == 3 else None
    except (ValueError, OverflowError):
        return None


def _good(row: Row, person: Checked, blind: bytes, known: Known) -> Good:
    unit = known.units[row["uscc"].upper()]
    category = known.categories[int(row["category"])]
    issued, until = _day(row["issued_on"]), _day(row["valid_until"])
    assert issued is not None  # noqa: S101 - checked
    assert until is not None  # noqa: S101 - checked
    return Good(
        person, blind, known.people.get(blind), unit.id, row.get("region") or unit.region,
        category.category, category.tier, issued, until,
    )  # fmt: skip
