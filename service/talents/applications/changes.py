"""What changed between the file that was returned and the one that came back (guide.md 2.3)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from service.auth.callers import Caller
from service.pages.show import SHANGHAI
from service.talents import masking
from service.talents.applications import holding, returns, steps
from service.talents.applications.application import Application
from service.talents.applications.evidence import Evidence
from service.talents.applications.returns import FIELDS, Missing, Return, Snapshot
from service.talents.models import File, Person

SECRET = {"id_number": masking.id_number, "phone": masking.phone}
"""Fields of which nobody sees more than in the file itself."""


class FieldChange(msgspec.Struct, frozen=True):
    """A field that says something else now; masked as in the file."""

    field: str
    name: str
    old: str | None
    new: str | None


class EvidenceChange(msgspec.Struct, frozen=True, kw_only=True):
    """A proof that was added, removed, replaced or annotated anew.

    `same_content`: the new file is byte for byte the old one.
    """

    kind: str
    change: Literal["added", "removed", "replaced", "note"]
    old_file_id: UUID | None = None
    new_file_id: UUID | None = None
    old_note: str | None = None
    new_note: str | None = None
    same_content: bool = False


class MissingView(msgspec.Struct, frozen=True):
    """One thing that was asked for, and whether something was done about it."""

    what: str
    name: str
    title: str
    done: bool


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One return with what came of it; `mended_at` is empty while it is being mended."""

    returned_by: str
    returned_by_name: str
    mend_at: str
    returned_at: datetime
    mended_at: datetime | None
    missing: list[MissingView]
    fields: list[FieldChange]
    evidence: list[EvidenceChange]


def of_fields(before: Snapshot, after: Snapshot, *, whole: bool) -> list[FieldChange]:
    """The fields that differ."""
    return [
        FieldChange(field, name, *_shown(field, old, new, whole=whole))
        for field, name in FIELDS.items()
        if (old := before.fields.get(field)) != (new := after.fields.get(field))
    ]


def _shown(
    field: str, old: str | None, new: str | None, *, whole: bool
) -> tuple[str | None, str | None]:
    if not whole and field in returns.OF_PERSON:
        return None, None
    if mask := SECRET.get(field):
        return mask(old) if old else None, mask(new) if new else None
    return old, new


def of_evidence(
    before: Sequence[Evidence], after: Sequence[Evidence], digests: dict[UUID, str] | None = None
) -> list[EvidenceChange]:
    """The proofs that differ; of one kind, those that went and those that came are paired."""
    gone, come = list(before), list(after)
    for each in before:
        if each in come:
            come.remove(each)
            gone.remove(each)
    found = []
    for old in gone:
        new = next((each for each in come if each.kind == old.kind), None)
        if new is not None:
            come.remove(new)
        found.append(_change(old, new, digests or {}))
    return found + [_change(None, each, {}) for each in come]


def _change(old: Evidence | None, new: Evidence | None, digests: dict[UUID, str]) -> EvidenceChange:
    old_id, new_id = (old.file_id if old else None), (new.file_id if new else None)
    change: Literal["added", "removed", "replaced", "note"] = (
        "added" if old is None
        else "removed" if new is None
        else "note" if old_id == new_id
        else "replaced"
    )  # fmt: skip
    kept = [digests.get(each) for each in (old_id, new_id) if each]
    return EvidenceChange(
        kind=(old or new).kind,  # type: ignore[union-attr]  # one of them is there
        change=change,
        old_file_id=old_id,
        new_file_id=new_id,
        old_note=old.note if old else None,
        new_note=new.note if new else None,
        same_content=change == "replaced" and len(kept) == 2 and kept[0] == kept[1] is not None,
    )


def is_done(asked: Missing, before: Snapshot, after: Snapshot) -> bool:
    """Whether something new stands where something was missing; a bare heading is nothing."""
    if asked.what == "field":
        return before.fields.get(asked.name) != after.fields.get(asked.name)
    stood = [each for each in before.evidence if each.kind == asked.name]
    come = [e for e in after.evidence if e.kind == asked.name and e not in stood]
    return any(each.file_id or each.note for each in come)


def checklist(back: Return, after: Snapshot) -> list[MissingView]:
    """What the return asked for, each with whether it was done."""
    before = msgspec.convert(back.before, Snapshot)
    asked = msgspec.convert(back.missing, list[Missing])
    return [MissingView(e.what, e.name, e.title, is_done(e, before, after)) for e in asked]


async def missing_now(session: AsyncSession, application: Application) -> list[MissingView]:
    """What is asked for while the file is away being mended."""
    if application.step != steps.RETURNED:
        return []
    back = await returns.open_one(session, application.id)
    if back is None:
        return []
    person = await session.get_one(Person, application.person_id)
    return checklist(back, returns.snapshot(application, person))


async def of(session: AsyncSession, caller: Caller, application: Application) -> list[Round]:
    """Every return with what changed after it, the last first."""
    person = await session.get_one(Person, application.person_id)
    now = returns.snapshot(application, person)
    rounds = await returns.of(session, application.id)
    both = [(back, *_both(back, now)) for back in rounds]
    digests = await _digests(session, (e for _, *two in both for one in two for e in one.evidence))
    whole = holding.sees_names(caller, application)
    return [
        Round(
            returned_by=back.step,
            returned_by_name=steps.TITLES.get(back.step, back.step),
            mend_at=back.mend_at,
            returned_at=back.returned_at.astimezone(SHANGHAI),
            mended_at=back.mended_at.astimezone(SHANGHAI) if back.mended_at else None,
            missing=checklist(back, after),
            fields=of_fields(before, after, whole=whole),
            evidence=of_evidence(before.evidence, after.evidence, digests),
        )
        for back, before, after in both
    ]


def _both(back: Return, now: Snapshot) -> tuple[Snapshot, Snapshot]:
    after = msgspec.convert(back.after, Snapshot) if back.after is not None else now
    return msgspec.convert(back.before, Snapshot), after


async def _digests(session: AsyncSession, proofs: Iterable[Evidence]) -> dict[UUID, str]:
    wanted = {each.file_id for each in proofs if each.file_id}
    if not wanted:
        return {}
    rows = await session.execute(select(File.id, File.sha256).where(File.id.in_(wanted)))
    return {file_id: digest for file_id, digest in rows}
