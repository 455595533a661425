"""Looking a table over, and making cards of all its lines or of none (issue of a card's life)."""

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from cards import number
from events import log
from events.log import Author, events
from events.of_cards import CardIssued
from service import ids, sealing
from service.auth.callers import Caller, Role
from service.etag import check_revision
from service.problems import Forbidden, NotFound, Problem, WrongState
from service.reference import regions
from service.reference.tables import PROVINCE
from service.talents import alike, masking
from service.talents.cards.card import Card
from service.talents.importing import checking, sheets
from service.talents.importing.checking import Checking, Good
from service.talents.importing.models import APPLIED, CHECKED, CardImport
from service.talents.models import Person

PART = 5_000
KEPT = timedelta(days=7)
FAULTS = 2_000
"""As many faults are listed; the file of bad lines has them all."""


class AlreadyImported(Problem):
    """The same file has been imported before: doing it again would change nothing."""

    code = "already-imported"
    status = 409
    title = "这个文件已经导入过"
    advice = "不用再导入;要补充的人请放在新的表格里。"


class Moved(Problem):
    """Something changed between looking and applying."""

    code = "import-stale"
    status = 409
    title = "检查之后情况有变"
    advice = "有人在此期间办了卡或改了资料,请重新上传检查。"


async def check_may(session: AsyncSession, by: Caller) -> None:
    """Only the province's window imports; raises Forbidden."""
    known = await regions.of(session)
    levels = [known.get(place) for place in by.regions(Role.REVIEWER)]
    if not any(each is not None and each.level == "province" for each in levels):
        raise Forbidden


async def look_over(
    session: AsyncSession, octets: bytes, by: UUID | None, now: datetime
) -> tuple[CardImport, Checking]:
    """Read a table and check every line; nothing becomes a card yet.

    Raises SheetRefused, TooLarge, AlreadyImported.
    """
    digest = hashlib.sha256(octets).hexdigest()
    await _check_new(session, digest)
    rows = await asyncio.to_thread(sheets.read, octets)
    found = await checking.check(session, rows, now)
    kept = CardImport(
        id=ids.new_id(), sha256=digest, state=CHECKED, lines=len(rows), bad=len(found.said),
        rows=rows, faults=[_plain(each) for each in found.faults[:FAULTS]],
        notes=[_plain(each) for each in found.notes[:FAULTS]], created_by=by,
        created_at=now, applied_at=None, applied_by=None,
    )  # fmt: skip
    session.add(kept)
    await session.flush()
    return kept, found


def _plain(fault: checking.Fault) -> dict[str, Any]:
    return {"line": fault.line, "column": fault.column, "code": fault.code, "detail": fault.detail}


async def _check_new(session: AsyncSession, digest: str) -> None:
    done = sa.select(CardImport.id).where(CardImport.sha256 == digest, CardImport.state == APPLIED)
    if await session.scalar(done) is not None:
        raise AlreadyImported


async def got(session: AsyncSession, import_id: UUID) -> CardImport:
    """One import; raises NotFound."""
    found = await session.get(CardImport, import_id)
    if found is None:
        raise NotFound
    return found


async def apply(
    session: AsyncSession,
    import_id: UUID,
    by: UUID | None,
    author: Author,
    revision: int,
    now: datetime,
) -> CardImport:
    """Make a card of every line, in this transaction: all or nothing, and once.

    The lines are checked again, as somebody may have got a card meanwhile. Raises NotFound, Stale,
    WrongState, AlreadyImported, Moved.
    """
    kept = await session.get(CardImport, import_id, with_for_update=True, populate_existing=True)
    if kept is None:
        raise NotFound
    check_revision(kept.revision, revision)
    if not kept.allowed:
        raise WrongState(kept.state, kept.allowed)
    await _check_new(session, kept.sha256)
    if kept.rows is None:
        raise Moved("表格内容已按期删除,请重新上传检查。")
    found = await checking.check(session, kept.rows, now)
    if found.faults:
        raise Moved
    try:
        async with session.begin_nested():
            await _write(session, list(found.good.values()), author, now)
            event, kept.rows = kept.apply(by, now), None
            await session.flush()
    except IntegrityError as taken:
        raise Moved from taken
    await log.append(session, event, by=author, region=PROVINCE, now=now)
    return kept


async def _write(
    session: AsyncSession, lines: Sequence[Good], author: Author, now: datetime
) -> None:
    numbers = await _numbers(session, len(lines))
    for start in range(0, len(lines), PART):
        part = lines[start : start + PART]
        people = [line.person_id or ids.new_id() for line in part]
        new = [_person(line, pid, now) for line, pid in zip(part, people, strict=True)
               if line.person_id is None]  # fmt: skip
        if new:
            await session.execute(sa.insert(Person), new)
        cards = [_card(line, pid, next(numbers)) for line, pid in zip(part, people, strict=True)]
        await session.execute(sa.insert(Card), cards)
        told = [_event(card, author, now) for card in cards]
        await session.execute(sa.insert(events), told)
    session.info["appended"] = True


async def _numbers(session: AsyncSession, count: int) -> Iterator[str]:
    """So many numbers that no card has or had (card-token.md 12.1)."""
    drawn: set[str] = set()
    while len(drawn) < count:
        # A statement takes 32,767 parameters.
        wanted = min(count - len(drawn), 2 * PART)
        more = {number.new(ids.random_below) for _ in range(wanted)} - drawn
        taken = await session.scalars(sa.select(Card.number).where(Card.number.in_(more)))
        drawn |= more - set(taken)
    return iter(drawn)


def _person(line: Good, person_id: UUID, now: datetime) -> dict[str, Any]:
    person = line.person
    return {
        "id": person_id, "name": person.name, "id_kind": person.id_kind,
        "id_number": person.id_number, "id_blind": line.blind, "phone": person.phone,
        "phone_blind": sealing.ring().blind(person.phone, "people.phone_blind"), "address": None,
        "born_on": person.born_on, "alike_blind": alike.key_of(person.name, person.born_on),
        "steward_id": None, "created_at": now,
    }  # fmt: skip


def _card(line: Good, person_id: UUID, shown: str) -> dict[str, Any]:
    return {
        "id": ids.new_id(), "number": shown, "person_id": person_id, "application_id": None,
        "category": line.category, "tier": line.tier, "region": line.region,
        "unit_id": line.unit_id, "state": "active", "masked_name": masking.name(line.person.name),
        "issued_on": line.issued_on, "valid_until": line.valid_until, "print_cti": None,
        "replaced_by": None, "revision": 1,
    }  # fmt: skip


def _event(card: dict[str, Any], author: Author, now: datetime) -> dict[str, Any]:
    """A new card's first event: nobody else can have written one, so its place is known."""
    issued = CardIssued(
        card_id=card["id"], application_id=None, category=card["category"], tier=card["tier"],
        valid_until=card["valid_until"],
    )  # fmt: skip
    return {**log.row_of(issued, by=author, region=card["region"], now=now), "sequence": 1}


async def forget_old(session: AsyncSession, now: datetime) -> None:
    """The lines of a table that nobody applied are gone after a week; for timers."""
    old = sa.update(CardImport).where(
        CardImport.created_at < now - KEPT, CardImport.rows.is_not(None)
    )
    await session.execute(old.values(rows=None))
