"""Sample 人才: holders of cards in three cities, and one who is only about to apply."""

import io
import itertools
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession
from stdnum.cn import ric, uscc

from cards import number
from events import log
from events.of_applications import ApplicationIssued
from events.of_cards import CardIssued
from local.samples.accounts import Accounts
from local.samples.portraits import SITTERS, Sitter, portrait
from service import ids, sealing
from service.auth.callers import Role
from service.reference import tables
from service.talents.applications.application import Application
from service.talents.cards import photos
from service.talents.cards.card import Card
from service.talents.models import Person, Unit

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_LOGIN = "talent1"


class Employer(msgspec.Struct, frozen=True):
    """A unit; `code` are the 17 characters before the check character of its USCC."""

    key: str
    name: str
    level: str
    region: str
    code: str

    @property
    def uscc(self) -> str:
        """统一社会信用代码 (GB 32100)."""
        return self.code + uscc.calc_check_digit(self.code)


class Holder(msgspec.Struct, frozen=True):
    """A talent; `category` 0 has no card. `serial` are the three digits of the ID number."""

    login: str
    name: str
    unit: str
    region: str
    category: int
    home: str
    born_on: date
    serial: str
    phone: str
    address: str

    @property
    def id_number(self) -> str:
        """居民身份证 (GB 11643)."""
        number = f"{self.home}{self.born_on:%Y%m%d}{self.serial}"
        return number + ric.calc_check_digit(f"{number}0")


UNITS = (
    Employer("institute", "济南泉城量子科技研究院", "city", "370100", "12370100MB2A00001"),
    Employer("ocean", "青岛琅琊海洋装备有限公司", "city", "370200", "91370200MA3C00002"),
    Employer("materials", "烟台芝罘先进材料股份有限公司", "city", "370600", "91370600MA3D00003"),
    Employer("startup", "济南历下云帆智能科技有限公司", "county", "370102", "91370102MA3E00004"),
)

HOLDERS = (
    Holder(
        FIRST_LOGIN, "张明远", "institute", "370100", 2, "370102", date(1984, 4, 12), "311",
        "13805310001", "济南市历下区龙奥北路 8 号",
    ),
    Holder(
        "talent2", "王海宁", "ocean", "370200", 3, "370202", date(1987, 9, 3), "512",
        "13805320002", "青岛市崂山区松岭路 60 号",
    ),
    Holder(
        "talent3", "李思齐", "materials", "370600", 5, "370602", date(1986, 1, 25), "724",
        "13805350003", "烟台市芝罘区环山路 25 号",
    ),
    Holder(
        "talent4", "陈若溪", "startup", "370102", 0, "370105", date(1990, 11, 8), "286",
        "13805310004", "济南市历下区经十路 9999 号",
    ),
)  # fmt: skip


async def plant_units(session: AsyncSession, now: datetime) -> dict[str, Unit]:
    """The employers, by key."""
    units = {
        each.key: Unit(
            id=ids.new_id(), uscc=each.uscc, name=each.name, level=each.level,
            region=each.region, created_at=now,
        )
        for each in UNITS
    }  # fmt: skip
    session.add_all(units.values())
    await session.flush()
    return units


async def plant(
    session: AsyncSession,
    accounts: Accounts,
    units: dict[str, Unit],
    steward: UUID,
    now: datetime,
    *,
    portraits: bool,
) -> None:
    """The talents with their accounts, and a valid card for each who has a category."""
    sitters = itertools.cycle(SITTERS)
    tiers = {
        int(row["category"]): row["tier"] for row in await tables.rows_of(session, "categories")
    }
    for holder in HOLDERS:
        person = _person(holder, steward, now)
        session.add(person)
        await session.flush()
        unit = units[holder.unit]
        account_id = await accounts.add(
            Role.TALENT,
            holder.login,
            holder.name,
            region=holder.region,
            organisation=(unit.id, unit.name),
            person_id=person.id,
            unit_uscc=unit.uscc,
            category=holder.category or None,
        )
        if holder.category:
            application = _application(holder, person, unit, account_id, now)
            await _issue(session, holder, application, tiers[holder.category], now)
        if holder.category and portraits:
            octets = _picture(next(sitters))
            await photos.keep(session, person.id, octets, account_id, now, seen=True)


def _picture(sitter: Sitter) -> bytes:
    out = io.BytesIO()
    portrait(sitter).save(out, "JPEG", quality=92)
    return out.getvalue()


def _person(holder: Holder, steward: UUID, now: datetime) -> Person:
    ring = sealing.ring()
    return Person(
        id=ids.new_id(),
        name=holder.name,
        id_kind="resident_id",
        id_number=holder.id_number,
        id_blind=ring.blind(holder.id_number, "people.id_blind"),
        phone=holder.phone,
        phone_blind=ring.blind(holder.phone, "people.phone_blind"),
        address=holder.address,
        born_on=holder.born_on,
        steward_id=steward if holder.region.startswith("3701") else None,
        created_at=now,
    )


def _application(
    holder: Holder, person: Person, unit: Unit, account_id: UUID, now: datetime
) -> Application:
    return Application(
        id=ids.new_id(),
        person_id=person.id,
        account_id=account_id,
        unit_id=unit.id,
        category=holder.category,
        region=holder.region,
        contract_until=None,
        management_until=None,
        evidence=[],
        step="issued",
        path=["issued"],
        return_to=None,
        mend_at=None,
        specialist_id=None,
        created_at=now,
        step_since=now,
    )


async def _issue(
    session: AsyncSession, holder: Holder, application: Application, tier: str, now: datetime
) -> None:
    """A card as the last pass would have issued it, with its events (api.md 3.4)."""
    session.add(application)
    await session.flush()
    today = now.astimezone(SHANGHAI).date()
    card = Card(
        id=ids.new_id(),
        number=number.new(ids.random_below),
        person_id=application.person_id,
        application_id=application.id,
        category=holder.category,
        tier=tier,
        region=holder.region,
        unit_id=application.unit_id,
        state="active",
        masked_name=f"{holder.name[0]}*",
        issued_on=today,
        valid_until=_in_five_years(today),
        print_cti=None,
        replaced_by=None,
    )
    session.add(card)
    await session.flush()
    issued = CardIssued(
        card_id=card.id,
        application_id=application.id,
        category=card.category,
        tier=tier,
        valid_until=card.valid_until,
    )
    done = ApplicationIssued(application_id=application.id, category=card.category)
    for event in (done, issued):
        await log.append(session, event, by=log.SYSTEM, region=card.region, now=now)


def _in_five_years(today: date) -> date:
    """Five years less a day: the last day on which the card is valid (guide 2.4)."""
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return today.replace(year=today.year + 5, day=day) - timedelta(days=1)
