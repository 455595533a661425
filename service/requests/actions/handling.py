"""What a partner does with a request (api.md 5.4): one row lock, one transaction each."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.base import Event
from service.auth.callers import Caller, Role
from service.offerings import forms
from service.problems import FieldError, InvalidBody, Problem
from service.requests import clocks, health, publicity
from service.requests.actions import desks, reach, reviewing, routing
from service.requests.actions.notes import add_note
from service.requests.actions.reviewing import FirstReview
from service.requests.actions.submitting import check_files
from service.requests.batches import joining
from service.requests.loans import granting
from service.requests.models import Request
from service.requests.states import BOUNCES, FIRST_REVIEW, Ended, Party, Stage
from service.worktime import reckoning
from service.worktime.calendars import Calendar
from service.worktime.current import current
from service.worktime.pauses import Pause
from service.worktime.reckoning import WorkingDays

ASK_WITHIN_DAYS = 5
"""Working days after the acceptance within which a correction may be asked for (guide.md 4)."""

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class Bounce(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it goes back: a code of the list, or words; a note for those who route it on."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is missing, one line a thing."""

    items: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=500)]],
        msgspec.Meta(min_length=1, max_length=20),
    ]


class TooLateToAsk(Problem):
    """What is missing is told once, and soon (guide.md 4)."""

    code = "too-late-to-ask"
    status = 409
    title = "已过告知补正的期限"
    advice = "接件后 5 个工作日内才能要求补正;请按现有材料办理,或在进展中与申请人沟通。"


class Publicity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """公示's first and last day."""

    begins_on: date = msgspec.field(name="from")
    ends_on: date = msgspec.field(name="to")


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step on the way, in words for the holder."""

    note: Text


class Completion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """办结: 予以办理须有结果, 不予办理须说明原因; 可附结果材料(先 `POST /v1/files` 上传)。"""

    outcome: Literal["granted", "declined"]
    result: dict[str, Any] = {}
    reason: Text | None = None
    files: Annotated[list[UUID], msgspec.Meta(max_length=10)] = []


async def accept(
    session: AsyncSession, request_id: UUID, by: Caller, revision: int, now: datetime
) -> Request:
    """Accept an offer for the caller's agency; of two at once only one can (api.md 5.5).

    Raises NotFound (also when another agency has it), HeldByColleague, Stale, WrongState.
    """
    request = await _mine(session, request_id, by, revision, now)
    request.check("accept", Party.PARTNER)
    offer = await reach.open_dispatch(session, request)
    reach.end(offer, Ended.ACCEPTED, now)
    await health.note_answer(session, offer.partner_id, now)
    await clocks.stop(session, request.id, "acceptance", now)
    version = await reach.version_of(session, request)
    clock = await clocks.start(session, request, "handling", version, now)
    if stage := reviewing.stage_of(version):
        await clocks.start(session, request, "first_review", version, now)
    await _tell(session, request, request.accept(clock.due_at or now, now, stage), by, now)
    await joining.taken_on(session, request, now)
    return request


async def bounce(
    session: AsyncSession, request_id: UUID, by: Caller, revision: int, why: Bounce, now: datetime
) -> Request:
    """Send an offer back; the third time 专家中心 rules (api.md 5.2, time.md L2)."""
    request = await _mine(session, request_id, by, revision, now)
    request.check("bounce", Party.PARTNER)
    code = why.reason if why.reason in BOUNCES else "other"
    offer = await reach.open_dispatch(session, request)
    reach.end(offer, Ended.BOUNCED, now)
    await health.note_answer(session, offer.partner_id, now)
    offer.reason = code
    offer.note = why.note if code == why.reason else f"{why.reason}\n{why.note}".strip()
    await clocks.stop(session, request.id, "acceptance", now)
    await _tell(session, request, request.bounce(code), by, now)
    if request.bounced_out:
        await routing.open_ruling(session, request, now)
    return request


async def ask(
    session: AsyncSession, request_id: UUID, by: Caller, revision: int, asked: Ask, now: datetime
) -> Request:
    """Ask once for what is missing; handling stands still until the answer (time.md P1, P5)."""
    request = await _mine(session, request_id, by, revision, now)
    request.check("ask", Party.PARTNER)
    await _check_early(session, request, now)
    await joining.before_asking(session, request, now)
    await clocks.pause(session, request, "correction", now)
    version = await reach.version_of(session, request)
    clock = await clocks.start(session, request, "correction", version, now)
    event = request.ask(asked.items, clock.due_at or now, now)
    await _tell(session, request, event, by, now)
    return request


async def _check_early(session: AsyncSession, request: Request, now: datetime) -> None:
    """Raises TooLateToAsk more than five working days after the acceptance (guide.md 4)."""
    calendar = (await current(session)).of(request.region)
    pauses = await clocks.pauses_of(session, request.id)
    stood = [Pause(each.began_at, each.ended_at) for each in pauses]
    until = ask_until(request.accepted_at or now, calendar, stood)
    if until is not None and now >= until:
        raise TooLateToAsk


def ask_until(
    accepted_at: datetime, calendar: Calendar, pauses: Sequence[Pause] = ()
) -> datetime | None:
    """Before which instant a correction may be asked for; none while a pause lasts. Pure."""
    return reckoning.due(accepted_at, WorkingDays(ASK_WITHIN_DAYS), calendar, pauses).due_at


async def publicise(
    session: AsyncSession,
    request_id: UUID,
    by: Caller,
    revision: int,
    asked: Publicity,
    now: datetime,
) -> Request:
    """Begin 公示; handling stands still until the end of its last day (time.md P1)."""
    request = await _mine(session, request_id, by, revision, now)
    request.check("publicity", Party.PARTNER)
    await joining.before_publicity(session, request)
    version = await reach.version_of(session, request)
    publicity.check(version, asked.begins_on, asked.ends_on, now)
    ends_at = publicity.end_of(asked.ends_on)
    await clocks.pause(session, request, "publicity", now, ends_at=ends_at)
    event = request.begin_publicity(asked.begins_on, asked.ends_on)
    await _tell(session, request, event, by, now)
    return request


async def progress(
    session: AsyncSession,
    request_id: UUID,
    by: Caller,
    revision: int,
    step: Progress,
    now: datetime,
) -> Request:
    """Tell the holder of a step."""
    request = await _mine(session, request_id, by, revision, now)
    event = request.progress()
    add_note(session, request, "progress", step.note, by.author(Role.PARTNER_CLERK), now)
    await _tell(session, request, event, by, now)
    return request


async def first_review(
    session: AsyncSession,
    request_id: UUID,
    by: Caller,
    revision: int,
    found: FirstReview,
    now: datetime,
) -> Request:
    """What came of 初审: passed, and the decision is due next; refused, and that is the decision.

    Raises NotFound, Stale, WrongState where none is open, InvalidBody for a refusal without reason.
    """
    request = await _mine(session, request_id, by, revision, now)
    request.check(FIRST_REVIEW, Party.PARTNER)
    if found.outcome == "refused":
        no = Completion("declined", {}, found.reason)
        return await complete(session, request_id, by, revision, no, now)
    await reviewing.go_on(session, request, by, now)
    return request


async def complete(
    session: AsyncSession,
    request_id: UUID,
    by: Caller,
    revision: int,
    done: Completion,
    now: datetime,
) -> Request:
    """办结. A request that was declined in time met its promise (api.md 5.2).

    Raises NotFound, Stale, WrongState, InvalidBody, LoanCap, RateCap, BatchDecides.
    """
    request = await _mine(session, request_id, by, revision, now)
    request.check("complete", Party.PARTNER)
    check_completion(done, (await reach.version_of(session, request)).result_schema)
    await check_files(session, by, done.files)
    if request.stage == Stage.FIRST_REVIEW:
        # A partner that decides at once has said what came of its first review too.
        outcome: reviewing.Outcome = "passed" if done.outcome == "granted" else "refused"
        await reviewing.end(session, request, outcome, by, now)
    if done.outcome == "declined" and await routing.more_to_ask(session, request, now):
        return await _decline(session, request, by, done, now)
    await joining.before_completion(session, request, done.outcome, now)
    if done.outcome == "granted":
        author = by.author(Role.PARTNER_CLERK)
        await granting.grant(session, request, done.result, author, now)
    await clocks.stop(session, request.id, "handling", now)
    promise = await clocks.stop(session, request.id, "promise", now)
    in_time = promise is None or promise.breached_at is None
    if done.files:
        offer = await reach.taken_on(session, request)
        offer.result_files = [str(each) for each in done.files]
    excused = promise is not None and promise.breach_voided_at is not None
    event = request.complete(
        done.outcome,
        done.result,
        done.reason,
        in_time=in_time,
        now=now,
        files=len(done.files),
        excused=excused,
    )
    await _tell(session, request, event, by, now)
    return request


async def _decline(
    session: AsyncSession, request: Request, by: Caller, done: Completion, now: datetime
) -> Request:
    """One bank's no: its time stops and was kept or not; the next one's begins anew."""
    offer = await reach.taken_on(session, request)
    offer.declined_at, offer.declined_reason = now, done.reason
    offer.result_files = [str(each) for each in done.files]
    await clocks.stop(session, request.id, "handling", now)
    promise = await clocks.stop(session, request.id, "promise", now)
    in_time = promise is None or promise.breached_at is None
    if promise is not None:
        promise.past = True
    await _tell(session, request, request.decline(in_time=in_time, files=len(done.files)), by, now)
    await clocks.start(session, request, "promise", await reach.version_of(session, request), now)
    return request


def check_completion(done: Completion, schema: dict[str, Any]) -> None:
    """A grant has a result by the schema, a refusal a reason; raises InvalidBody."""
    if done.outcome == "granted":
        forms.check_result(schema, done.result)
    elif not (done.reason or "").strip():
        raise InvalidBody(FieldError("/reason", "missing", "不予办理须说明原因。"))


async def _mine(
    session: AsyncSession, request_id: UUID, by: Caller, revision: int, now: datetime
) -> Request:
    """The request where the caller may act on it; raises NotFound, HeldByColleague, Stale."""
    request = await reach.at_partner(session, request_id, by, revision)
    await desks.check(session, request, by, now)
    return request


async def _tell(
    session: AsyncSession, request: Request, event: Event, by: Caller, now: datetime
) -> None:
    await session.flush()  # the answer's ETag is the new revision
    author = by.author(Role.PARTNER_CLERK)
    await log.append(session, event, by=author, region=request.region, now=now)
