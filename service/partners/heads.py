"""办理单位负责人: which of an agency's clerks leads it; the officials' table `partner_heads`.

A head is a clerk of the agency like any other, who is also told where time runs out.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Role
from service.auth.models import Account, GrantRow
from service.partners.models import Partner
from service.reference import tables
from service.reference.tables import BadTable, Row

TABLE = "partner_heads"


async def logins_of(session: AsyncSession, partner_id: UUID | None) -> list[str]:
    """The login names of an agency's heads; none where none is named."""
    rows = await tables.rows_of(session, TABLE)
    if not rows or partner_id is None:
        return []
    name = await session.scalar(select(Partner.name).where(Partner.id == partner_id))
    return [row["login"] for row in rows if row["partner"] in (str(partner_id), name)]


async def _check(session: AsyncSession, rows: Sequence[Row], now: datetime) -> None:
    """Raises BadTable where a line names no clerk of that agency, or an agency that is not one."""
    partners: dict[str, list[UUID]] = {}
    for partner_id, name in await session.execute(select(Partner.id, Partner.name)):
        partners.setdefault(name, []).append(partner_id)
        partners[str(partner_id)] = [partner_id]
    query = select(Account.login, GrantRow.organisation_id).join(
        GrantRow, GrantRow.account_id == Account.id
    )
    found = await session.execute(query.where(GrantRow.role == Role.PARTNER_CLERK))
    clerks = {(login, partner_id) for login, partner_id in found}
    for number, row in enumerate(rows, 2):
        named = partners.get(row["partner"], [])
        if len(named) != 1:
            why = "没有这个办理单位" if not named else "名称不唯一,请改用编号"
            raise BadTable(f"第 {number} 行: {why}: “{row['partner']}”。")
        if (row["login"], named[0]) not in clerks:
            raise BadTable(f"第 {number} 行: “{row['login']}”不是该单位的经办人。")


tables.on_load(TABLE, _check)
