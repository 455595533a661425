"""The loop of a bad rating: call-back, rectification, ruling (satisfaction.md 2, api.md 6.2)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from events import log
from events.base import Event
from events.of_ratings import (
    AppealDecided,
    RatingAppealed,
    RatingCalledBack,
    RatingRectified,
    RatingRuled,
)
from service import ids
from service.auth.callers import Caller, Role
from service.etag import check_revision
from service.problems import FieldError, InvalidBody, Problem
from service.satisfaction import case_clocks, case_queries, promises, rules
from service.satisfaction.models import (
    NOT_REACHED,
    BadRating,
    CallBack,
    Decision,
    Rating,
    Ruling,
    Verdict,
)
from service.talents import files as stored
from service.talents.models import File

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=2000, pattern=r"\S")]


class NewCallBack(msgspec.Struct, forbid_unknown_fields=True):
    """What a try to reach the rater found; `reached` follows from the verdict if not said.

    `consent`: the rater lets the agency know who they are and which matter it was (G7).
    """

    verdict: Verdict
    note: Words
    reached: bool | None = None
    consent: bool = False


class NewRectification(msgspec.Struct, forbid_unknown_fields=True):
    """What the agency did and will do, and what shows it; `files` from `POST /v1/files`."""

    plan: Words
    proof: Words
    files: Annotated[list[UUID], msgspec.Meta(max_length=20)] = []


class NewRuling(msgspec.Struct, forbid_unknown_fields=True):
    """What 专家中心 decides; `reason` is a code of table `void_reasons`."""

    ruling: Ruling
    note: Words | None = None
    reason: Annotated[str, msgspec.Meta(max_length=40)] | None = None


class NewAppeal(msgspec.Struct, forbid_unknown_fields=True):
    """Why the verdict is wrong, with what shows it; `files` from `POST /v1/files`."""

    reason: Words
    files: Annotated[list[UUID], msgspec.Meta(max_length=20)] = []


class NewDecision(msgspec.Struct, forbid_unknown_fields=True):
    """`upheld` ends the case, `rejected` gives the agency the rest of its days."""

    decision: Decision
    note: Words


class AppealOver(Problem):
    """The days in which an agency may appeal are over (L3)."""

    code: ClassVar[str] = "appeal-window-over"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "已过申诉期"
    advice: ClassVar[str] = "申诉须在回访结论后规定工作日内提出;请按期整改,或联系专家中心。"


class SameOfficer(Problem):
    """Whoever judged does not decide whether they judged well (L3)."""

    code: ClassVar[str] = "same-officer"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "申诉须由另一位工作人员决定"
    advice: ClassVar[str] = "这件差评由您回访定性,请由另一位工作人员决定申诉。"


class WrongReason(InvalidBody):
    """A rating is voided for a reason from the list, and for none other (G6)."""

    code: ClassVar[str] = "unknown-void-reason"
    title: ClassVar[str] = "作废理由不在清单中"


def check_reached(given: NewCallBack) -> None:
    """Raises InvalidBody where verdict and `reached` contradict one another."""
    found = given.verdict is not Verdict.NO_CONTACT
    if given.reached is not None and given.reached != found:
        raise InvalidBody(FieldError("/reached", "contradiction", "与 verdict 不一致,请核对。"))


async def call_back(
    session: AsyncSession,
    case_id: UUID,
    given: NewCallBack,
    by: Caller,
    revision: int,
    now: datetime,
) -> BadRating:
    """Record a try; no contact ends the case after tries on three days (L1).

    Raises NotFound, Stale, WrongState, InvalidBody.
    """
    case, rating = await _locked(session, case_id, by, revision, now)
    case.check_call_back()
    check_reached(given)
    numbers = await rules.in_force(session)
    officer = UUID(by.id)
    told = str(given.verdict)
    session.add(_try(case, given, officer, now))
    await session.flush()
    case.attempts = len(await days_tried(session, case))
    flag_modified(case, "attempts")  # a second try on one day is a new revision too
    if given.verdict is Verdict.NO_CONTACT and case.attempts < numbers.no_contact_days:
        told = NOT_REACHED
    else:
        case.called_back(given.verdict, officer, now)
        case.note, case.consented = given.note, given.consent
    event = RatingCalledBack(**_of(rating), verdict=told, late=case.is_late("call_back"))
    return await _done(session, case, rating, event, by, now)


def _try(case: BadRating, given: NewCallBack, officer: UUID, now: datetime) -> CallBack:
    return CallBack(
        id=ids.new_id(),
        bad_rating_id=case.id,
        tried_at=now,
        tried_by=officer,
        reached=given.verdict is not Verdict.NO_CONTACT,
        verdict=given.verdict,
        note=given.note,
    )


async def days_tried(session: AsyncSession, case: BadRating) -> Sequence[date]:
    """The days in Shanghai on which somebody tried to reach the rater; twice a day counts once."""
    day = func.date(func.timezone("Asia/Shanghai", CallBack.tried_at))
    query = select(day).where(CallBack.bad_rating_id == case.id).distinct()
    return (await session.scalars(query)).all()


async def rectify(
    session: AsyncSession,
    case_id: UUID,
    given: NewRectification,
    by: Caller,
    revision: int,
    now: datetime,
) -> BadRating:
    """The rated agency tells how it mended the matter (L2).

    Raises NotFound (also for another agency's case), Stale, WrongState, InvalidBody.
    """
    case, rating = await _locked(session, case_id, by, revision, now)
    await _check_files(session, given.files, by)
    case.rectify(given.plan, given.proof, [str(each) for each in given.files], now)
    event = RatingRectified(**_of(rating))
    return await _done(session, case, rating, event, by, now)


async def _check_files(session: AsyncSession, files: Sequence[UUID], by: Caller) -> None:
    query = select(File.id).where(File.id.in_(files), stored.put_in_by(by))
    own = set((await session.scalars(query)).all()) if files else set()
    missing = [place for place, each in enumerate(files) if each not in own]
    if missing:
        wrong = "没有这份文件,请先上传。"
        raise InvalidBody(*(FieldError(f"/files/{k}", "unknown-file", wrong) for k in missing))


async def appeal(
    session: AsyncSession,
    case_id: UUID,
    given: NewAppeal,
    by: Caller,
    revision: int,
    now: datetime,
) -> BadRating:
    """The rated agency says that the call-back's verdict is wrong, once, within some days (L3).

    Raises NotFound, Stale, WrongState, AppealOver, InvalidBody.
    """
    case, rating = await _locked(session, case_id, by, revision, now)
    await _check_files(session, given.files, by)
    if case.appealed_at is None and case.called_back_at is not None:
        days = (await rules.in_force(session)).appeal_workdays
        ends_at, _ = await promises.due_in_workdays(
            session, rating.region, case.called_back_at, days
        )
        if now >= ends_at:
            raise AppealOver
    case.lodge_appeal(given.reason, [str(each) for each in given.files], now)
    return await _done(session, case, rating, RatingAppealed(**_of(rating)), by, now)


async def decide_appeal(
    session: AsyncSession,
    case_id: UUID,
    given: NewDecision,
    by: Caller,
    revision: int,
    now: datetime,
) -> BadRating:
    """Another officer than the one who judged decides the appeal (L3).

    Raises NotFound, Stale, WrongState, SameOfficer, InvalidBody.
    """
    case, rating = await _locked(session, case_id, by, revision, now)
    if "decide-appeal" in case.centre_acts() and str(case.called_back_by) == by.id:
        raise SameOfficer
    case.decide_appeal(given.decision, given.note, UUID(by.id), now)
    event = AppealDecided(**_of(rating), decision=given.decision)
    return await _done(session, case, rating, event, by, now)


async def rule(
    session: AsyncSession,
    case_id: UUID,
    given: NewRuling,
    by: Caller,
    revision: int,
    now: datetime,
) -> BadRating:
    """Accept the rectification, send it back, or void the rating (L2, G6).

    Raises NotFound, Stale, WrongState, WrongReason.
    """
    case, rating = await _locked(session, case_id, by, revision, now)
    await _check_reason(session, given)
    case.rule(given.ruling, given.note, UUID(by.id), now)
    if given.ruling is Ruling.VOID:
        rating.voided_at, rating.void_reason = now, given.reason
    late = given.ruling is Ruling.ACCEPT and case.is_late("rectification")
    event = RatingRuled(**_of(rating), ruling=given.ruling, reason=given.reason, late=late)
    return await _done(session, case, rating, event, by, now)


async def _check_reason(session: AsyncSession, given: NewRuling) -> None:
    if given.ruling is not Ruling.VOID:
        if given.reason is not None:
            wrong = "只有作废才填理由,其余请写在 note。"
            raise InvalidBody(FieldError("/reason", "not-here", wrong))
        return
    reasons = await rules.void_reasons(session)
    if given.reason not in reasons:
        wrong = f"可选: {'、'.join(f'{code}({text})' for code, text in reasons.items())}。"
        raise WrongReason(FieldError("/reason", "not-one-of", wrong))


async def _locked(
    session: AsyncSession, case_id: UUID, by: Caller, revision: int, now: datetime
) -> tuple[BadRating, Rating]:
    """The case that the caller may see, locked, as it was when they read it."""
    case, rating = await case_queries.one(session, case_id, by, now, lock=True)
    check_revision(case.revision, revision)
    # What had fallen before this act is a fact of its own, though no sweep has come to it yet.
    await case_clocks.fire(session, case, rating, now)
    return case, rating


def _of(rating: Rating) -> dict[str, Any]:
    return {"rating_id": rating.id, "about": rating.about, "offering": rating.offering}


async def _done(
    session: AsyncSession,
    case: BadRating,
    rating: Rating,
    event: Event,
    by: Caller,
    now: datetime,
) -> BadRating:
    author = by.author(Role.CENTRE, Role.PARTNER_CLERK)
    await log.append(session, event, by=author, region=rating.region, now=now)
    await case_clocks.start(session, case, rating)
    await session.flush()  # the answer's ETag is the new revision
    return case
