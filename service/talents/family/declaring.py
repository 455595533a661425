"""Saying which 市级人才卡 one has, and choosing which card to use for a service (guide.md 3.2)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.of_people import MunicipalCardDeclared, MunicipalCardEnded
from service import ids
from service.auth.callers import Caller, Role
from service.offerings import queries as offerings
from service.offerings.entitlement import MUNICIPAL, exclusions_of
from service.problems import FieldError, InvalidBody, NotFound, Problem
from service.reference import regions, tables
from service.talents.family import beside, municipal
from service.talents.family.models import MunicipalCard, MunicipalChoice
from service.worktime.hours import SHANGHAI


class MunicipalCardExists(Problem):
    """One card a city and person."""

    code = "municipal-card-exists"
    status = 409
    title = "已登记该市的人才卡"
    advice = "每市只登记一张;内容有变的,请先删除原登记再重新登记。"


class ChoiceLocked(Problem):
    """The first use of the year settles it."""

    code = "municipal-choice-locked"
    status = 409
    title = "本年度已不能改选"
    advice = "此项今年已用惠才卡享受过(或正在办理),本年度内不能改选;明年 1 月 1 日起可重新选择。"


class NothingToChoose(Problem):
    """Only one card gives it."""

    code = "nothing-to-choose"
    status = 409
    title = "此项无需选择"
    advice = "您登记的市级人才卡不提供此项服务,直接使用惠才卡即可。"


class Declare(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """哪个市的人才卡、哪一档(没有分档的不填)、有效期至。"""

    region: Annotated[str, msgspec.Meta(pattern="^[0-9]{6}$", description="市级行政区划代码")]
    tier: Annotated[str, msgspec.Meta(min_length=1, max_length=10)] | None = None
    valid_until: date | None = None


class Choose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """今年此项用哪张卡。"""

    uses: Literal["province", "municipal"]


async def of_person(session: AsyncSession, person_id: UUID | None) -> Sequence[MunicipalCard]:
    """What they have declared and not ended, oldest first."""
    query = select(MunicipalCard).where(
        MunicipalCard.person_id == person_id, MunicipalCard.ended_at.is_(None)
    )
    return (await session.scalars(query.order_by(MunicipalCard.id))).all()


async def declare(
    session: AsyncSession, by: Caller, asked: Declare, now: datetime
) -> MunicipalCard:
    """Keep that the holder has this city's card. Raises InvalidBody, MunicipalCardExists."""
    assert by.person_id is not None  # noqa: S101 - the routes see to it
    await _check(session, asked, now)
    await beside.touch_card(session, by.person_id)
    card = MunicipalCard(
        id=ids.new_id(), person_id=by.person_id, region=asked.region,
        tier=asked.tier or municipal.ANY_TIER, valid_until=asked.valid_until, declared_at=now,
    )  # fmt: skip
    try:
        async with session.begin_nested():
            session.add(card)
            await session.flush()
    except IntegrityError:
        raise MunicipalCardExists from None
    event = MunicipalCardDeclared(municipal_card_id=card.id, city=card.region)
    await log.append(session, event, by=by.author(Role.TALENT), region=card.region, now=now)
    return card


async def _check(session: AsyncSession, asked: Declare, now: datetime) -> None:
    wrong = []
    today = now.astimezone(SHANGHAI).date()
    if asked.region not in {city.code for city in (await regions.of(session)).cities(today)}:
        wrong.append(FieldError("/region", "unknown", "请选择山东省内现行的市。"))
    rows = await tables.rows_of(session, municipal.TABLE)
    tiers = municipal.tiers_of(rows).get(asked.region, [municipal.ANY_TIER])
    if asked.tier and municipal.ANY_TIER not in tiers and asked.tier not in tiers:
        wrong.append(FieldError("/tier", "unknown", "该市人才卡没有这一档,请核对。"))
    if asked.tier is None and municipal.ANY_TIER not in tiers:
        wrong.append(FieldError("/tier", "missing", "该市人才卡分档,请填写您的一档。"))
    if asked.valid_until is not None and asked.valid_until < today:
        wrong.append(FieldError("/valid_until", "past", "此卡已过有效期,不必登记。"))
    if wrong:
        raise InvalidBody(*wrong)


async def end(session: AsyncSession, by: Caller, card_id: UUID, now: datetime) -> None:
    """They have it no longer, or declared it wrongly. Raises NotFound."""
    await beside.touch_card(session, by.person_id)
    query = select(MunicipalCard).where(
        MunicipalCard.id == card_id,
        MunicipalCard.person_id == by.person_id,
        MunicipalCard.ended_at.is_(None),
    )
    card: MunicipalCard | None = await session.scalar(query.with_for_update())
    if card is None:
        raise NotFound
    card.ended_at = now
    event = MunicipalCardEnded(municipal_card_id=card.id, city=card.region)
    await log.append(session, event, by=by.author(Role.TALENT), region=card.region, now=now)


async def choose(
    session: AsyncSession, by: Caller, offering: str, asked: Choose, now: datetime
) -> None:
    """Use this card for that service for the rest of the year.

    Raises NotFound (no such offering, no live card), NothingToChoose, ChoiceLocked.
    """
    today = now.astimezone(SHANGHAI).date()
    version = await offerings.current(session, offering.replace("\0", ""), today)
    if version is None or by.person_id is None:
        raise NotFound
    card = await beside.touch_card(session, by.person_id)
    if card is None:
        raise NotFound("您还没有有效的惠才卡,暂不需要选择。")
    facts = await beside.facts_of(session, card, now)
    if MUNICIPAL not in exclusions_of(version.exclusive_with) or not facts.gifts.get(offering):
        raise NothingToChoose
    if facts.has_had(offering):
        raise ChoiceLocked
    kept = {"uses": asked.uses, "chosen_at": now}
    fresh = insert(MunicipalChoice).values(
        person_id=by.person_id, year=beside.year_of(now), offering=offering, **kept
    )
    keys = ["person_id", "year", "offering"]
    await session.execute(fresh.on_conflict_do_update(index_elements=keys, set_=kept))
    await session.flush()
