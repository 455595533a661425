"""What each side is shown of a request; times in Shanghai's offset (api.md 1.1, 5.3, 5.4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from service.offerings.models import OfferingVersion
from service.requests import members
from service.requests.choices import Bank
from service.requests.conversation import Attached
from service.requests.members import MemberRef, SharedMember
from service.requests.models import Clock, Note, Request
from service.requests.queries import OWN_LEGS, Found
from service.requests.states import Party
from service.talents.family.models import FamilyMember
from service.worktime.hours import SHANGHAI


class PartnerRef(msgspec.Struct, frozen=True):
    """办理单位。"""

    id: UUID
    name: str


class Correction(msgspec.Struct, frozen=True):
    """补正: what was asked for, until when, and what was answered."""

    items: list[str]
    asked_at: datetime
    due_at: datetime | None
    answer: dict[str, Any] | None


class Message(msgspec.Struct, frozen=True):
    """One message or note; by whom in words of the role, never by name."""

    id: UUID
    kind: str
    role: str
    text: str
    files: list[str]
    written_at: datetime


class RequestSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list. `deadline` is empty while time stands still or has stopped; `stage` is
    `first_review` or `decision` where the offering has a first review."""

    id: UUID
    number: str
    state: str
    stage: str | None
    offering: str
    offering_name: str
    region: str
    partner: PartnerRef | None
    deadline: datetime | None
    submitted_at: datetime
    ended_at: datetime | None
    outcome: str | None


class RequestView(RequestSummary, frozen=True, kw_only=True):
    """The whole request as its holder, steward and 专家中心 see it."""

    category: int
    beneficiaries: list[str]
    members: list[MemberRef]
    form: dict[str, Any]
    files: list[str]
    bounces: int
    accepted_at: datetime | None
    completed_at: datetime | None
    outcome_reason: str | None
    result: dict[str, Any] | None
    result_files: list[Attached]
    in_time: bool | None
    correction: Correction | None
    messages: list[Message]
    allowed: list[str]
    banks: list[Bank]


class PartnerSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a partner's queue; `due_at` is what runs out next of the partner's own time."""

    id: UUID
    number: str
    state: str
    stage: str | None
    offering: str
    offering_name: str
    region: str
    due_at: datetime | None
    submitted_at: datetime
    etag: str


class PartnerView(PartnerSummary, frozen=True, kw_only=True):
    """A request as the partner that has it sees it: only what the offering shares (api.md 5.4)."""

    beneficiaries: list[str]
    members: list[SharedMember]
    form: dict[str, Any]
    files: list[str]
    deadlines: dict[str, datetime]
    accepted_at: datetime | None
    completed_at: datetime | None
    outcome: str | None
    outcome_reason: str | None
    result: dict[str, Any] | None
    result_files: list[Attached]
    result_schema: dict[str, Any]
    correction: Correction | None
    messages: list[Message]
    allowed: list[str]


def local(moment: datetime | None) -> datetime | None:
    """The instant with Shanghai's offset."""
    return moment.astimezone(SHANGHAI) if moment else None


def summary_of(found: Found) -> RequestSummary:
    """A line of a list."""
    return RequestSummary(**_summary(found))


def _summary(found: Found) -> dict[str, Any]:
    request = found.request
    return {
        "id": request.id,
        "number": request.number,
        "state": request.state,
        "stage": request.stage,
        "offering": request.offering,
        "offering_name": found.version.name_zh,
        "region": request.region,
        "partner": _partner(request, found.partner_name),
        "deadline": local(_due(found.promise)),
        "submitted_at": local(request.submitted_at),
        "ended_at": local(request.ended_at),
        "outcome": request.outcome,
    }


def _partner(request: Request, name: str | None) -> PartnerRef | None:
    return PartnerRef(request.partner_id, name or "") if request.partner_id else None


def _due(clock: Clock | None) -> datetime | None:
    return clock.due_at if clock is not None and clock.stopped_at is None else None


def view_of(
    found: Found,
    clocks: Sequence[Clock],
    notes: Sequence[Note],
    party: Party,
    named: Sequence[FamilyMember] = (),
    banks: Sequence[Bank] = (),
    files: Sequence[Attached] = (),
) -> RequestView:
    """The whole request."""
    request = found.request
    return RequestView(
        **_summary(found),
        category=request.category,
        beneficiaries=request.beneficiaries,
        members=members.refs(named),
        form=request.form,
        files=request.files,
        bounces=request.bounces,
        accepted_at=local(request.accepted_at),
        completed_at=local(request.completed_at),
        outcome_reason=request.outcome_reason,
        result=request.result,
        result_files=list(files),
        in_time=request.in_time,
        correction=_correction(request, clocks),
        messages=[_message(note) for note in notes],
        allowed=list(request.acts(party)),
        banks=list(banks),
    )


def _correction(request: Request, clocks: Sequence[Clock]) -> Correction | None:
    asked_at = local(request.correction_asked_at)
    if asked_at is None:
        return None
    due_at = local(next((clock.due_at for clock in clocks if clock.leg == "correction"), None))
    return Correction(
        list(request.correction_items or ()), asked_at, due_at, request.correction_answer
    )


def _message(note: Note) -> Message:
    written_at = note.written_at.astimezone(SHANGHAI)
    return Message(note.id, note.kind, note.author_role, note.text, note.files, written_at)


def _partner_summary(found: Found, clocks: Sequence[Clock]) -> dict[str, Any]:
    request = found.request
    own = [clock.due_at for clock in clocks if clock.leg in OWN_LEGS and clock.due_at]
    return {
        "id": request.id,
        "number": request.number,
        "state": request.state,
        "stage": request.stage,
        "offering": request.offering,
        "offering_name": found.version.name_zh,
        "region": request.region,
        "due_at": local(min(own, default=None)),
        "submitted_at": local(request.submitted_at),
        "etag": f'"{request.revision}"',
    }


def partner_summary(found: Found, clocks: Sequence[Clock]) -> PartnerSummary:
    """A line of a partner's queue."""
    return PartnerSummary(**_partner_summary(found, clocks))


def partner_view(
    found: Found,
    clocks: Sequence[Clock],
    notes: Sequence[Note],
    named: Sequence[FamilyMember] = (),
    files: Sequence[Attached] = (),
) -> PartnerView:
    """A request as the partner that has it sees it."""
    request, version = found.request, found.version
    due = {c.leg: c.due_at.astimezone(SHANGHAI) for c in clocks if c.leg in OWN_LEGS and c.due_at}
    return PartnerView(
        **_partner_summary(found, clocks),
        beneficiaries=request.beneficiaries,
        members=members.shared(version.fields_for(request.partner_id), named),
        form=shared(request, version, request.form),
        files=request.files,
        deadlines=due,
        accepted_at=local(request.accepted_at),
        completed_at=local(request.completed_at),
        outcome=request.outcome,
        outcome_reason=request.outcome_reason,
        result=request.result,
        result_files=list(files),
        result_schema=version.result_schema,
        correction=_own_correction(request, version, clocks),
        messages=[_message(note) for note in notes if note.kind != "ruling"],
        allowed=list(request.acts(Party.PARTNER)),
    )


def shared(request: Request, version: OfferingVersion, form: dict[str, Any]) -> dict[str, Any]:
    """Only those members of a form that the offering shares with this partner (api.md 5.4)."""
    given = version.fields_for(request.partner_id)
    return {name: value for name, value in form.items() if name in given}


def _own_correction(
    request: Request, version: OfferingVersion, clocks: Sequence[Clock]
) -> Correction | None:
    """What this partner asked for itself: what another bank missed is not for it."""
    asked_at, accepted_at = request.correction_asked_at, request.accepted_at
    if asked_at is None or accepted_at is None or asked_at < accepted_at:
        return None
    return _shared_correction(request, version, _correction(request, clocks))


def _shared_correction(
    request: Request, version: OfferingVersion, asked: Correction | None
) -> Correction | None:
    if asked is None or asked.answer is None:
        return asked
    form, before = (
        shared(request, version, asked.answer.get(name, {})) for name in ("form", "before")
    )
    answer = {**asked.answer, "form": form, "before": before}
    return msgspec.structs.replace(asked, answer=answer)
