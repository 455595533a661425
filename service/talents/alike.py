"""Look-alikes: another person of the same name and birthday, perhaps the same one (2.3).

A document is one person (people.py); somebody with a passport and an 居民身份证 is two rows until
people look. So this is a hint for those who review, never a refusal.
"""

import unicodedata
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from events import log
from events.of_applications import ApplicationLookAlike
from service import ids, sealing
from service.auth.callers import Caller, Role
from service.db import Base
from service.problems import NotFound
from service.sealing import SealedText
from service.talents import masking, queries
from service.talents.applications import hints, holding
from service.talents.applications.application import Application
from service.talents.applications.hints import Hint
from service.talents.cards.card import LIVE, Card
from service.talents.documents import TITLES
from service.talents.models import Person

ABOUT = "people.alike_blind"
SHOWN, BATCH = 5, 500


def key_of(name: str, born_on: date | None) -> bytes | None:
    """How look-alikes find one another; None where no birthday is known.

    Spaces, dots of names such as 阿卜杜拉·买买提, width and case make no difference.
    """
    if born_on is None:
        return None
    plain = unicodedata.normalize("NFKC", name).casefold()
    letters = "".join(each for each in plain if each.isalnum())
    return sealing.ring().blind(f"{letters} {born_on.isoformat()}", ABOUT)


async def others(
    session: AsyncSession, key: bytes | None, person_id: UUID | None
) -> Sequence[Person]:
    """The other people with that key, oldest first."""
    if key is None:
        return []
    query = select(Person).where(Person.alike_blind == key, Person.id != person_id)
    return (await session.scalars(query.order_by(Person.id).limit(SHOWN))).all()


async def known_keys(session: AsyncSession, keys: Collection[bytes]) -> dict[bytes, set[UUID]]:
    """Who has which of these keys; asked by parts, a statement takes 32,767 parameters."""
    found: dict[bytes, set[UUID]] = {}
    wanted = list(keys)
    for start in range(0, len(wanted), 10_000):
        part = wanted[start : start + 10_000]
        query = select(Person.alike_blind, Person.id).where(Person.alike_blind.in_(part))
        for key, person_id in await session.execute(query):
            found.setdefault(bytes(key or b""), set()).add(person_id)
    return found


class LookAlike(Base):
    """What a reviewer found: whether that other person is the applicant. The latest counts."""

    __tablename__ = "look_alikes"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("card_applications.id"), index=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    same: Mapped[bool]
    note: Mapped[str] = mapped_column(SealedText("look_alikes.note"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    found_at: Mapped[datetime]


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether it is the same person, and how that was found."""

    same: bool
    note: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]


async def hint(session: AsyncSession, application: Application, now: datetime) -> Sequence[Hint]:
    """Who looks like the applicant: kind and masked number of the document, whether with a card.

    Whoever was found to be another person is not spoken of again.
    """
    person = await session.get_one(Person, application.person_id)
    settled = await _settled(session, application.id)
    found = []
    for other in await others(session, person.alike_blind, person.id):
        if settled.get(other.id) is False:
            continue
        held = select(Card.id).where(Card.person_id == other.id, Card.state.in_(LIVE)).limit(1)
        has = "持有有效的惠才卡" if await session.scalar(held) else "没有有效的惠才卡"
        document = f"{TITLES[other.id_kind]} {masking.id_number(other.id_number)}"
        if settled.get(other.id):
            text = f"已核对:与另一位登记人({document},{has})是同一人,请退回或不予通过。"
            found.append(Hint("same-person", text, other.id))
            continue
        text = f"另有一位登记人姓名和出生日期相同({document},{has}),请核对是否同一人。"
        found.append(Hint("look-alike", text, other.id))
    return found


async def _settled(session: AsyncSession, application_id: UUID) -> dict[UUID, bool]:
    query = select(LookAlike).where(LookAlike.application_id == application_id)
    rows = await session.scalars(query.order_by(LookAlike.id))
    return {row.other_id: row.same for row in rows}


async def settle(
    session: AsyncSession,
    application_id: UUID,
    other_id: UUID,
    by: Caller,
    given: Finding,
    now: datetime,
) -> None:
    """A reviewer who holds the step says what they found. Raises NotFound, WrongState."""
    application = await queries.visible(session, by, application_id)
    application.check("decisions", await holding.acts_of(session, by, application))
    person = await session.get_one(Person, application.person_id)
    alike = await others(session, person.alike_blind, person.id)
    if by.account_id is None or other_id not in {each.id for each in alike}:
        raise NotFound
    # One after another: the log's sequence of an application is kept by its row.
    await session.get_one(Application, application.id, with_for_update=True)
    session.add(
        LookAlike(
            id=ids.new_id(), application_id=application.id, other_id=other_id, same=given.same,
            note=given.note, account_id=by.account_id, found_at=now,
        )
    )  # fmt: skip
    await session.flush()
    event = ApplicationLookAlike(
        application_id=application.id, category=application.category, other_id=other_id,
        same=given.same,
    )  # fmt: skip
    author = by.author(Role.REVIEWER, Role.OFFICE, Role.UNIT_MANAGER)
    await log.append(session, event, by=author, region=application.region, now=now)


hints.more(hint)


async def mark(session: AsyncSession, now: datetime) -> int:
    """Give the key to people who were written down before there was one; for timers."""
    query = select(Person).where(Person.born_on.is_not(None), Person.alike_blind.is_(None))
    found = (await session.scalars(query.limit(BATCH).with_for_update(skip_locked=True))).all()
    for person in found:
        person.alike_blind = key_of(person.name, person.born_on)
    return len(found)
