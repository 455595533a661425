"""What an auditor takes away: a day's seal, and its events as a file that is checked without us."""

import base64
from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import undefer

from events import chain, checking, log
from events.checking import Export, Finding
from events.of_audit import DayExported
from service.audit import days
from service.audit.models import AuditDay, AuditRegion
from service.audit.problems import NotSealed
from service.auth.callers import Caller, Role
from service.reference.tables import PROVINCE

Sessions = async_sessionmaker[AsyncSession]
PIECE = 500


class RegionSeal(msgspec.Struct, frozen=True, kw_only=True):
    """One region's part: how many events, how many of them late, the last link of its chain."""

    region: str
    count: int
    late: int
    chain: str


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """A day's seal (events.md 1.2).

    `hash` is the SHA-256 of `version`, `day`, `previous` and `regions` as `events/chain.py` writes
    them; `previous` the hash of the day before (empty for the first). `signature` is a JWT
    (ES256, `typ` `hck-seal+jwt`) over day, hash and previous; its keys: `GET /v1/audit/keys`.
    """

    version: str = chain.VERSION
    day: date
    previous: str
    regions: list[RegionSeal]
    count: int
    hash: str
    sealed_at: datetime
    signature: str


async def sealed_day(session: AsyncSession, day: date | None) -> AuditDay:
    """The seal's row; without a day the newest. Raises NotSealed where it is not sealed."""
    found = await (session.get(AuditDay, day) if day else days.newest(session))
    if found is None:
        raise NotSealed
    return found


async def proof_of(session: AsyncSession, sealed: AuditDay) -> Proof:
    """The seal of a day as it is told."""
    regions = [
        RegionSeal(region=each.region, count=each.count, late=each.late, chain=each.chain)
        for each in await _regions(session, sealed)
    ]
    return Proof(
        day=sealed.day,
        previous=sealed.previous,
        regions=regions,
        count=sum(each.count for each in regions),
        hash=sealed.hash,
        sealed_at=sealed.sealed_at,
        signature=sealed.signature,
    )


async def record_export(session: AsyncSession, sealed: AuditDay, by: Caller, now: datetime) -> None:
    """Who takes a copy of the log is on record in it."""
    event = DayExported(day=sealed.day)
    await log.append(session, event, by=by.author(Role.AUDITOR), region=PROVINCE, now=now)


async def lines_of(sessions: Sessions, day: date) -> AsyncIterator[bytes]:
    """The export of a sealed day, piece by piece: the seal with its marks, then the events."""
    async with sessions() as session:
        sealed = await sealed_day(session, day)
        yield chain.text_of({"seal": await full_seal(session, sealed)}) + b"\n"
        piece: list[bytes] = []
        async for row in days.rows_of(session, sealed):
            piece.append(chain.text_of(chain.record_of(row)) + b"\n")
            if len(piece) == PIECE:
                yield b"".join(piece)
                piece.clear()
        yield b"".join(piece)


async def full_seal(session: AsyncSession, sealed: AuditDay) -> dict[str, Any]:
    """The seal with each region's marks, as a checker wants it."""
    told: dict[str, Any] = msgspec.to_builtins(await proof_of(session, sealed))
    marks = {each.region: each.marks for each in await _regions(session, sealed, marks=True)}
    for region in told["regions"]:
        region["marks"] = base64.b64encode(marks[region["region"]]).decode()
    return told


async def check_day(session: AsyncSession, sealed: AuditDay, previous: str | None) -> list[Finding]:
    """The log as it stands now against the seal of a day."""
    seal = await full_seal(session, sealed)
    rows = [chain.record_of(row) async for row in days.rows_of(session, sealed)]
    return checking.check(Export(seal, rows), previous)


async def _regions(
    session: AsyncSession, sealed: AuditDay, *, marks: bool = False
) -> list[AuditRegion]:
    query = sa.select(AuditRegion).where(AuditRegion.day == sealed.day)
    if marks:
        query = query.options(undefer(AuditRegion.marks)).execution_options(populate_existing=True)
    return list(await session.scalars(query.order_by(AuditRegion.region)))
