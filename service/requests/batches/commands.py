"""`batches list | rank 编号 | check 编号`: lists made, and recomputed as anybody could."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.requests.batches import opening, ranking, rules, words
from service.requests.batches.models import Batch, BatchState, Entry
from service.requests.batches.rules import Standing

USAGE = """用法:
batches list          各批名额:编号、状态、名额、标题
batches rank 编号      截止后立即排序并公示(名单上的申请都已接件时)
batches check 编号     用公开的种子重算抽签与排序,与名单逐位核对"""


async def run(session: AsyncSession, given: Sequence[str], now: datetime) -> list[str] | None:
    """The answer's lines, the last of a check beginning with ✗ where something differs.

    None where the words are no command. Raises Problem.
    """
    match given:
        case ["list"] | []:
            return await _list(session, now)
        case ["rank", text] if batch_id := _uuid(text):
            return await _rank(session, batch_id, now)
        case ["check", text] if batch_id := _uuid(text):
            return await _check(session, batch_id)
    return None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def _list(session: AsyncSession, now: datetime) -> list[str]:
    found = (await session.scalars(select(Batch).order_by(Batch.id))).all()
    return [_line(batch, now) for batch in found] or ["还没有批次。"]


def _line(batch: Batch, now: datetime) -> str:
    state = words.state_of(batch.state, batch.opens_at, batch.closes_at, now)
    return f"{batch.id} {state} {batch.places} 个名额 {batch.title}"


async def _rank(session: AsyncSession, batch_id: UUID, now: datetime) -> list[str]:
    batch = await opening.locked(session, batch_id)
    if batch.state != BatchState.GATHERING:
        return [f"已在第 {batch.round} 次排序后公布,不再重排。"]
    await ranking.rank_complete(session, batch, now)
    return [f"已排序,公示到 {batch.shown_until}。", f"种子 {batch.seed}"]


async def _check(session: AsyncSession, batch_id: UUID) -> list[str]:
    batch = await opening.locked(session, batch_id)
    if not batch.round:
        return [f"尚未排序;种子的 SHA-256 是 {batch.commitment}。"]
    query = select(Entry).where(Entry.batch_id == batch.id, Entry.rank.is_not(None))
    entries = (await session.scalars(query)).all()
    faults = list(faults_of(batch, entries))
    told = [f"第 {batch.round} 次排序,{len(entries)} 位,种子 {batch.seed}"]
    if faults:
        return [*told, *faults, f"✗ {len(faults)} 处不符。"]
    return [*told, "种子与事先公布的一致,抽签值与名单顺序逐位相符。"]


def faults_of(batch: Batch, entries: Sequence[Entry]) -> list[str]:
    """Where the list is not what its rule, its facts and its seed make of it."""
    found = []
    if rules.commitment(batch.seed) != batch.commitment:
        found.append("种子与截止前公布的 SHA-256 不符")
    standing = [Standing(e.request_id, e.group, e.facts or {}) for e in entries]
    places = rules.ranked(batch.keys, batch.seed, standing)
    for entry in entries:
        if entry.draw != rules.draw(batch.seed, entry.request_id):
            found.append(f"{entry.request_id} 的抽签值不符")
        if entry.rank != places[entry.request_id]:
            found.append(f"{entry.request_id} 在第 {entry.rank} 位,应为 {places[entry.request_id]}")
    return found
