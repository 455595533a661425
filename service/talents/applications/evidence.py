"""证明材料 of an application: which files, with notes that are sealed as they may name people."""

import base64
from collections.abc import Iterable, Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service import sealing
from service.auth.callers import Caller
from service.problems import FieldError, InvalidBody
from service.talents.models import File

ABOUT = "card_applications.evidence"


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One proof: its kind, a file that was put in before, a note."""

    kind: Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[^\x00-\x1f]+$")]
    file_id: UUID | None = None
    note: Annotated[str, msgspec.Meta(max_length=500)] | None = None


Given = Annotated[list[Evidence], msgspec.Meta(max_length=50)]


async def kept(
    session: AsyncSession, caller: Caller, given: Sequence[Evidence], before: Iterable[Any] = ()
) -> list[Any]:
    """What the row keeps. Each file is the caller's own or stood there before; else InvalidBody."""
    known = {UUID(each["file_id"]) for each in before if each.get("file_id")}
    asked = {each.file_id for each in given if each.file_id} - known
    query = select(File.id).where(File.id.in_(asked), File.account_id == caller.account_id)
    known |= set(await session.scalars(query)) if asked else set()
    wrong = [n for n, each in enumerate(given) if each.file_id and each.file_id not in known]
    if wrong:
        advice = "没有这个材料,请先上传再提交。"
        raise InvalidBody(*(FieldError(f"/evidence/{n}/file_id", "unknown", advice) for n in wrong))
    return [_sealed(each) for each in given]


def _sealed(each: Evidence) -> dict[str, Any]:
    note = each.note and base64.b64encode(sealing.ring().seal(each.note.encode(), ABOUT)).decode()
    return {"kind": each.kind, "file_id": str(each.file_id) if each.file_id else None, "note": note}


def shown(row: Iterable[Any]) -> list[Evidence]:
    """The proofs as their readers see them."""
    return [_opened(each) for each in row]


def _opened(each: dict[str, Any]) -> Evidence:
    note = each.get("note")
    return Evidence(
        kind=each["kind"],
        file_id=UUID(each["file_id"]) if each.get("file_id") else None,
        note=sealing.ring().open(base64.b64decode(note), ABOUT).decode() if note else None,
    )
