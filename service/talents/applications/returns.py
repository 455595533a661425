"""A return: what is missing, and what the file said before and after it was mended (guide.md 2.3).

What stood there is kept sealed, as it names people. A file that was taken away since stays readable
for those who see the application: they asked for it to be replaced and want to compare.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import ForeignKey, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from service import ids
from service.auth.callers import Caller
from service.db import Base
from service.problems import FieldError, InvalidBody
from service.sealing import SealedJson
from service.talents import files, queries
from service.talents.applications import evidence
from service.talents.applications.application import Application
from service.talents.applications.evidence import Evidence
from service.talents.models import Person

FIELDS = {
    "name": "姓名",
    "id_kind": "证件类型",
    "id_number": "证件号码",
    "born_on": "出生日期",
    "phone": "电话",
    "address": "地址",
    "contract_until": "劳动合同期",
    "management_until": "工程管理期",
}
"""What of a file may still be changed after it was submitted, and what it is called."""
OF_PERSON = ("name", "id_kind", "id_number", "born_on", "phone", "address")


class Missing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that a return asks for: a kind of evidence or a field."""

    what: Literal["evidence", "field"]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]

    @property
    def title(self) -> str:
        """What it is called."""
        return FIELDS.get(self.name, self.name) if self.what == "field" else self.name


class Snapshot(msgspec.Struct, frozen=True):
    """What a file said at one moment."""

    fields: dict[str, str | None]
    evidence: list[Evidence]


class Return(Base):
    """One return, from the moment it was returned to the moment it came back."""

    __tablename__ = "application_returns"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("card_applications.id"), index=True)
    step: Mapped[str]
    mend_at: Mapped[str]
    returned_at: Mapped[datetime]
    missing: Mapped[list[Any]]
    files: Mapped[list[str]]
    before: Mapped[dict[str, Any]] = mapped_column(SealedJson("application_returns.before"))
    mended_at: Mapped[datetime | None]
    after: Mapped[dict[str, Any] | None] = mapped_column(SealedJson("application_returns.after"))


def check_missing(missing: Sequence[Missing]) -> None:
    """Raises InvalidBody where a field is none that can still be mended."""
    advice = f"可列的字段:{'、'.join(FIELDS)}。"
    wrong = [
        FieldError(f"/missing/{n}/name", "not-one-of", advice)
        for n, each in enumerate(missing)
        if each.what == "field" and each.name not in FIELDS
    ]
    if wrong:
        raise InvalidBody(*wrong)


def words(missing: Sequence[Missing]) -> str:
    """What is missing as one sentence, for a return that says nothing else."""
    proofs = [each.title for each in missing if each.what == "evidence"]
    fields = [each.title for each in missing if each.what == "field"]
    parts = [f"缺少或需更换材料:{'、'.join(proofs)}。"] if proofs else []
    parts += [f"请核对并更正:{'、'.join(fields)}。"] if fields else []
    return "".join(parts)


def snapshot(application: Application, person: Person) -> Snapshot:
    """What the file says now."""
    values = {name: getattr(person, name) for name in OF_PERSON} | {
        name: getattr(application, name) for name in FIELDS if name not in OF_PERSON
    }
    fields = {name: None if value is None else str(value) for name, value in values.items()}
    return Snapshot(fields, evidence.shown(application.evidence))


async def record(
    session: AsyncSession, application: Application, missing: Sequence[Missing], now: datetime
) -> None:
    """Keep what the file says as it is returned; the row is locked and has moved already."""
    person = await session.get_one(Person, application.person_id)
    stood = snapshot(application, person)
    session.add(
        Return(
            id=ids.new_id(),
            application_id=application.id,
            step=application.return_to,
            mend_at=application.mend_at,
            returned_at=now,
            missing=msgspec.to_builtins(list(dict.fromkeys(missing))),
            files=[str(each.file_id) for each in stood.evidence if each.file_id],
            before=msgspec.to_builtins(stood),
            mended_at=None,
            after=None,
        )
    )


async def close(session: AsyncSession, application: Application, now: datetime) -> None:
    """Keep what it says as it comes back, where it was away."""
    found = await open_one(session, application.id)
    if found is not None:
        person = await session.get_one(Person, application.person_id)
        found.mended_at = now
        found.after = msgspec.to_builtins(snapshot(application, person))


async def open_one(session: AsyncSession, application_id: UUID) -> Return | None:
    """The return that is being mended, if one is."""
    query = select(Return).where(Return.application_id == application_id)
    found: Return | None = await session.scalar(query.where(Return.mended_at.is_(None)).limit(1))
    return found


async def of(session: AsyncSession, application_id: UUID) -> Sequence[Return]:
    """All returns, the last first."""
    query = select(Return).where(Return.application_id == application_id)
    return (await session.scalars(query.order_by(Return.id.desc()))).all()


async def counted(session: AsyncSession, wanted: Collection[UUID]) -> dict[UUID, int]:
    """How often each of these was returned."""
    query = (
        select(Return.application_id, func.count())
        .where(Return.application_id.in_(wanted))
        .group_by(Return.application_id)
    )
    return {found: times for found, times in await session.execute(query)}


async def seen_before(session: AsyncSession, caller: Caller, file_id: UUID) -> bool:
    """Whether the file stood in an application that the caller may see, when it was returned."""
    query = (
        select(Return.id)
        .join(Application, Application.id == Return.application_id)
        .where(Return.files.contains([str(file_id)]), await queries.seen_by(session, caller))
    )
    return await session.scalar(query.limit(1)) is not None


files.seen_through(seen_before)
