"""`python -m service audit …`: seals listed, a day taken out, the log held against its seals.

list                 已封存的日子
export 日期 文件      一日的全部事件与封存记录,可用 `python -m events check` 离线核对
keys 文件            验封存签名的公钥(JWK 集)
check [起始日期]      日志现状与封存逐日核对
"""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events.checking import Finding
from service.audit import days, proof
from service.audit.models import AuditDay
from service.problems import FieldError, InvalidBody

USAGE = __doc__


async def run(sessions: proof.Sessions, words: Sequence[str]) -> tuple[list[str], bool] | None:
    """What there is to say and whether all holds; None where the words are no such command.

    Raises Problem and OSError.
    """
    match list(words):
        case ["list"]:
            async with sessions() as session:
                lines = [f"{each.day} {each.hash}" for each in await _sealed(session)]
                return lines or ["还没有封存过的日子。"], True
        case ["export", text, path]:
            day = day_of(text)
            with Path(path).open("wb") as file:  # noqa: ASYNC230 - nothing else waits
                async for piece in proof.lines_of(sessions, day):
                    file.write(piece)
            return [f"{day} 已写到 {path}。"], True
        case ["keys", path]:
            async with sessions() as session:
                keys = {"keys": await days.public_keys(session)}
            Path(path).write_text(json.dumps(keys, indent=2), encoding="utf-8")  # noqa: ASYNC240
            return [f"公钥已写到 {path}。"], True
        case ["check", *since] if len(since) < 2:
            first = day_of(since[0]) if since else date.min
            return await _check(sessions, first)
    return None


def day_of(text: str) -> date:
    """A day of the command line; raises InvalidBody."""
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise InvalidBody(FieldError("/day", "invalid", "日期请写成 2026-03-02。")) from wrong


async def _sealed(session: AsyncSession, since: date = date.min) -> Sequence[AuditDay]:
    query = sa.select(AuditDay).where(AuditDay.day >= since).order_by(AuditDay.day)
    return (await session.scalars(query)).all()


async def _check(sessions: proof.Sessions, since: date) -> tuple[list[str], bool]:
    """Each sealed day against the log, and each seal against the one before."""
    found: list[tuple[date, Finding]] = []
    async with sessions() as session:
        sealed = await _sealed(session, since)
        previous = "" if since == date.min else None
        for each in sealed:
            found += [(each.day, it) for it in await proof.check_day(session, each, previous)]
            previous = each.hash
            session.expunge_all()
        lost = await days.unsealed(session, sealed[-1]) if sealed else 0
    said = [f"{day} {it.where} {it.text}" for day, it in found]
    if lost:
        said.append(f"有 {lost} 条事件应在封存之内,却不在任何一日的封存里。")
    return said or [f"{len(sealed)} 日的封存与日志逐条相符。"], not said
