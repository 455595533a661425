"""Which 家庭成员 a request is for, and what of them its partner may see (api.md 5.1, 5.4).

The request keeps the relation for good; who it was stands with the family, and is erased there
once nobody needs it.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base
from service.requests.fields import Line
from service.requests.models import Request
from service.requests.states import OPEN
from service.requests.words import KINDS
from service.talents import masking
from service.talents.family import ending
from service.talents.family.models import FamilyMember

ERASED = "已删除"


class RequestMember(Base):
    """One member of the holder's family for whom a request is."""

    __tablename__ = "request_members"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(
        ForeignKey("family_members.id"), primary_key=True, index=True
    )


class MemberRef(msgspec.Struct, frozen=True):
    """为谁办理: 关系与脱敏姓名;成员已删除的只留关系。"""

    id: UUID
    relation: str
    masked_name: str


class SharedMember(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """为谁办理,办理单位所见: 关系与脱敏姓名,其余只在该事项需要时给出。"""

    relation: str
    masked_name: str
    name: str | None = None
    born_on: date | None = None
    id_number: str | None = None


async def of_request(session: AsyncSession, request_id: UUID) -> Sequence[FamilyMember]:
    """The members that a request names, removed ones too."""
    query = (
        select(FamilyMember)
        .join(RequestMember, RequestMember.member_id == FamilyMember.id)
        .where(RequestMember.request_id == request_id)
        .order_by(FamilyMember.id)
    )
    return (await session.scalars(query)).all()


def refs(members: Sequence[FamilyMember]) -> list[MemberRef]:
    """As the holder and those who look over their shoulder see them."""
    return [MemberRef(each.id, each.relation, _masked(each)) for each in members]


def shared(names: Collection[str], members: Sequence[FamilyMember]) -> list[SharedMember]:
    """As the partner sees them: beyond the relation only what is shared with it, by name."""
    return [
        SharedMember(
            relation=each.relation,
            masked_name=_masked(each),
            name=each.name if "member.name" in names else None,
            born_on=each.birthday if "member.born_on" in names else None,
            id_number=each.id_number if "member.id_number" in names else None,
        )
        for each in members
    ]


def lines(members: Sequence[SharedMember]) -> list[Line]:
    """What the partner may see beyond the masked name, as its clerks read it."""
    found = []
    for each in members:
        kind = KINDS.get(each.relation, each.relation)
        told = {
            "姓名": each.name,
            "出生日期": each.born_on.isoformat() if each.born_on else None,
            "证件号码": each.id_number,
        }
        found += [Line(f"{kind}{title}", value) for title, value in told.items() if value]
    return found


def _masked(member: FamilyMember) -> str:
    return masking.name(member.name) if member.name else ERASED


async def needed(session: AsyncSession, member_ids: Collection[UUID]) -> set[UUID]:
    """Those of these members that an open request still names."""
    query = (
        select(RequestMember.member_id)
        .join(Request, Request.id == RequestMember.request_id)
        .where(RequestMember.member_id.in_(member_ids), Request.state.in_(OPEN))
    )
    return set(await session.scalars(query))


async def let_go(session: AsyncSession, request_id: UUID, now: datetime) -> int:
    """After a request: erase those whom it alone still needed; returns how many."""
    query = select(RequestMember.member_id).where(RequestMember.request_id == request_id)
    return await ending.erase_removed(session, (await session.scalars(query)).all(), now)


ending.needed_by(needed)
