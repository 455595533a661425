"""`python -m service prove [rebuild]`: the kept counts held against the log (satisfaction.md F8).

(无参数)           先核对日志的封存,再从日志重新数一遍,与各项指标所用的计数逐格比较
rebuild            从日志重新数一遍并以此为准;期间照常服务
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service.satisfaction import counting, recounting
from service.satisfaction.counting import Cell
from service.satisfaction.figures import Counts

Sessions = async_sessionmaker[AsyncSession]

USAGE = __doc__
NAMES = {
    **{f"grade_{n}": f"{n} 级评价" for n in range(1, 6)},
    "voided": "作废", "defaults": "默认好评", "completed": "办结", "completed_in_time": "按时办结",
    "redeemed": "核销", "breached_acceptance": "接件超期", "breached_handling": "办理超期",
    "breached_promise": "总时限超期", "called_back": "已回访", "call_backs_ended": "应回访",
    "rectified_in_time": "按期整改", "rectifications_ended": "应整改", "follow_ups": "追评",
    "follow_ups_good": "追评好评",
    "void_acceptance": "接件超期作废",
    "void_handling": "办理超期作废", "void_promise": "总时限超期作废",
    "completed_excused": "超期作废的办结",
}  # fmt: skip


async def run(sessions: Sessions, words: Sequence[str]) -> tuple[list[str], bool] | None:
    """What there is to say and whether all agrees; None where the words are no such command."""
    match list(words):
        case []:
            return await prove(sessions)
        case ["rebuild"]:
            async with sessions.begin() as session:
                cells = await recounting.rebuild(session)
            return [f"已从日志重新计数,{cells} 格。"], True
    return None


async def prove(sessions: Sessions) -> tuple[list[str], bool]:
    """Each cell that a recount finds otherwise, and what is still on its way."""
    async with sessions() as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        waiting = await recounting.waiting(session)
        kept = await counting.kept(session)
        found = await recounting.differences(session)
    lines = [line_of(cell, *both) for cell, both in found.items()]
    if waiting:
        lines.append(f"另有 {waiting} 件事实尚未计入,稍后自动计入。")
    if not found:
        lines.insert(0, f"{len(kept)} 格计数与日志重新数出的完全一致。")
    return lines, not found


def line_of(cell: Cell, kept: Counts, anew: Counts) -> str:
    """One cell that differs: where it is, and each number kept and counted."""
    one, two = counting.numbers_of(kept), counting.numbers_of(anew)
    parts = [
        f"{NAMES[name]} 记 {one[name]} 实 {two[name]}" for name in one if one[name] != two[name]
    ]
    place = f"{cell.day} {cell.offering} {cell.partner_id} {cell.region} 第{cell.category}类"
    return f"{place}: {','.join(parts)}"
