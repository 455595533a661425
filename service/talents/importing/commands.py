"""`python -m service import-holders 文件 [--apply]`: looks a table over, applies it if asked."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from events.log import Author
from service.talents.importing import actions, sheets

OPERATOR = Author("operator", "operator", "command")
BAD = "bad-rows.xlsx"
TOLD = 20


async def run(
    session: AsyncSession, octets: bytes, *, apply: bool, now: datetime
) -> tuple[list[str], bytes | None]:
    """What there is to say; and the bad lines as a workbook, None where all are good.

    Raises Problem.
    """
    kept, found = await actions.look_over(session, octets, None, now)
    said = [f"{kept.lines} 行,有问题 {kept.bad} 行。"]
    titles = dict(sheets.COLUMNS)
    if found.notes:
        places = "、".join(str(each.line) for each in found.notes[:TOLD])
        said.append(f"{len(found.notes)} 行与别的登记人姓名、出生日期相同,请核对: 第 {places} 行。")
    if found.faults:
        said += [
            f"第 {each.line} 行 {titles.get(each.column, each.column)}: {each.detail}"
            for each in found.faults[:TOLD]
        ]
        return said, sheets.bad_workbook(kept.rows or [], found.said)
    if apply:
        await actions.apply(session, kept.id, None, OPERATOR, kept.revision, now)
        return [*said, f"已生效,{kept.lines} 张卡。"], None
    return [*said, "全部合格;加 --apply 生效。"], None
