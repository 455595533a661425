"""Look-alikes: another person of the same name and birthday, perhaps the same one (2.3).

A document is one person (people.py); somebody with a passport and an 居民身份证 is two rows until
people look. So this is a hint for those who review, never a refusal.
"""

import unicodedata
from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service import sealing
from service.talents import masking
from service.talents.applications import hints
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


async def hint(session: AsyncSession, application: Application, now: datetime) -> Sequence[Hint]:
    """Who looks like the applicant: kind and masked number of the document, whether with a card."""
    person = await session.get_one(Person, application.person_id)
    found = []
    for other in await others(session, person.alike_blind, person.id):
        held = select(Card.id).where(Card.person_id == other.id, Card.state.in_(LIVE)).limit(1)
        has = "持有有效的惠才卡" if await session.scalar(held) else "没有有效的惠才卡"
        document = f"{TITLES[other.id_kind]} {masking.id_number(other.id_number)}"
        text = f"另有一位登记人姓名和出生日期相同({document},{has}),请核对是否同一人。"
        found.append(Hint("look-alike", text))
    return found


hints.more(hint)


async def mark(session: AsyncSession, now: datetime) -> int:
    """Give the key to people who were written down before there was one; for timers."""
    query = select(Person).where(Person.born_on.is_not(None), Person.alike_blind.is_(None))
    found = (await session.scalars(query.limit(BATCH).with_for_update(skip_locked=True))).all()
    for person in found:
        person.alike_blind = key_of(person.name, person.born_on)
    return len(found)
