"""From facts to counts: which cell an event changes, and by how much (satisfaction.md F7, 6.5)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from events import log
from events.catalogue import AnyEvent, read
from events.of_cards import BenefitRedeemed
from events.of_deadlines import BreachVoided
from events.of_ratings import (
    CaseBreached,
    OfRating,
    RatingCalledBack,
    RatingFollowedUp,
    RatingGiven,
    RatingRuled,
)
from events.of_requests import DeadlineBreached, RequestCompleted
from service.counters.models import Redemption
from service.requests.models import Request
from service.satisfaction import abouts, promises
from service.satisfaction.figures import Counts, total
from service.satisfaction.models import NOT_REACHED, FigureCount, Rating, Ruling

GOOD_FROM = 3
"""Grades from here up are good (F1)."""

NOBODY = UUID(int=0)
"""The partner of what happened while no partner had the request."""


class Cell(msgspec.Struct, frozen=True, order=True):
    """One day and set of dimensions (F7)."""

    day: date
    offering: str
    partner_id: UUID
    region: str
    category: int
    sector: str


Changes = Mapping[Cell, Counts]


def graded(grade: int, by: int = 1) -> tuple[int, int, int, int, int]:
    """One rating of a grade, as counts of 1 to 5."""
    one, two, three, four, five = (by if each == grade else 0 for each in range(1, 6))
    return one, two, three, four, five


def given(grade: int, origin: str) -> Counts:
    """What a rating adds: a default one enters nothing but a denominator (G4)."""
    return Counts(graded(grade)) if origin == "active" else Counts(defaults=1)


def voided(grade: int) -> Counts:
    """What voiding an active rating changes: it leaves its grade and is counted apart (G6)."""
    return Counts(graded(grade, -1), voided=1)


def called_back(verdict: str, late: bool) -> Counts:
    """What a call-back adds (F4); a try that reached nobody is none."""
    if verdict == NOT_REACHED:
        return Counts()
    return Counts(called_back=1, call_backs_ended=0 if late else 1)


def case_breached(leg: str) -> Counts:
    """What a step of the loop that was not taken in time adds: its clock has ended (F4)."""
    match leg:
        case "call_back":
            return Counts(call_backs_ended=1)
        case "rectification":
            return Counts(rectifications_ended=1)
    return Counts()


def rectified(late: bool) -> Counts:
    """What an accepted rectification adds; one that was late had ended with its breach (F4)."""
    return Counts() if late else Counts(rectified_in_time=1, rectifications_ended=1)


def followed_up(grade: int) -> Counts:
    """What a follow-up adds, to a figure of its own (G5)."""
    return Counts(follow_ups=1, follow_ups_good=1 if grade >= GOOD_FROM else 0)


async def _loop(session: AsyncSession, subject: str) -> Counts:
    """What the loop of a rating has added: nothing happens in it once the rating is void."""
    rows = await log.of_subject(session, subject)
    return total(_step(event) for row in rows if (event := read(row.type, row.data)))


def breached(leg: str) -> Counts:
    """What a missed deadline adds; a correction's is the holder's and counts for nobody; a
    first review lies within handling, whose own breach is the one that counts."""
    match leg:
        case "acceptance":
            return Counts(breached_acceptance=1)
        case "handling":
            return Counts(breached_handling=1)
        case "promise":
            return Counts(breached_promise=1)
    return Counts()


def voided_breach(leg: str) -> Counts:
    """What voiding a breach adds beside it: the breach itself stays counted (time.md E3)."""
    match leg:
        case "acceptance":
            return Counts(void_acceptance=1)
        case "handling":
            return Counts(void_handling=1)
        case "promise":
            return Counts(void_promise=1)
    return Counts()


class Known(msgspec.Struct, frozen=True):
    """What the rows that events name say, by their ids."""

    ratings: dict[UUID, Rating]
    loops: dict[UUID, Counts]
    requests: dict[UUID, abouts.About]
    redemptions: dict[UUID, abouts.About]


async def changes_of(
    session: AsyncSession, events: Sequence[AnyEvent]
) -> Sequence[tuple[Cell, Counts]]:
    """What each event changes, without those that change no figure; one read for each kind."""
    known = await _known(session, events)
    found = [_change_of(event, known) for event in events]
    excused = [_excused(event, known) for event in events]
    return [change for change in (*found, *excused) if change is not None]


OF_REQUESTS = RequestCompleted | DeadlineBreached | BreachVoided


async def _known(session: AsyncSession, events: Sequence[AnyEvent]) -> Known:
    ratings = {e.rating_id for e in events if isinstance(e, OfRating)}
    requests = {e.request_id for e in events if isinstance(e, OF_REQUESTS)}
    redeemed = {e.redemption_id for e in events if isinstance(e, BenefitRedeemed)}
    known = Known({}, {}, {}, {})
    for event in events:
        if isinstance(event, RatingRuled) and event.ruling == Ruling.VOID:
            known.loops[event.rating_id] = await _loop(session, event.subject)
    if ratings:
        rows = await session.scalars(select(Rating).where(Rating.id.in_(ratings)))
        known.ratings.update({each.id: each for each in rows})
    if requests:
        asked = abouts.REQUESTS.where(Request.id.in_(requests))
        for row in await session.execute(asked):
            known.requests[row[0].id] = abouts.about_request(*row)
    if redeemed:
        used = abouts.REDEMPTIONS.where(Redemption.id.in_(redeemed))
        for made in await session.execute(used):
            known.redemptions[made[0].id] = abouts.about_redemption(made)
    return known


def _change_of(event: AnyEvent, known: Known) -> tuple[Cell, Counts] | None:
    """What one event changes; None where it changes no figure."""
    match event:
        case RatingGiven(rating_id=rating_id, grade=grade, origin=origin):
            return _of_rating(known.ratings[rating_id]), given(grade, origin)
        case RatingRuled(rating_id=rating_id, ruling=Ruling.VOID):
            rating = known.ratings[rating_id]
            return _of_rating(rating), voided(rating.grade) + known.loops[rating_id].times(-1)
        case OfRating(rating_id=rating_id):
            return _of_rating(known.ratings[rating_id]), _step(event)
        case RequestCompleted(request_id=request_id, in_time=in_time, excused=excused):
            about = known.requests[request_id]
            change = Counts(
                completed=1, completed_in_time=int(in_time), completed_excused=int(excused)
            )
            return _cell(about, about.completed_at, about.partner_id), change
        case BenefitRedeemed(redemption_id=redemption_id):
            about = known.redemptions[redemption_id]
            return _cell(about, about.completed_at, about.partner_id), Counts(redeemed=1)
        case DeadlineBreached(request_id=request_id, leg=leg, due_at=due_at):
            about = known.requests[request_id]
            return _cell(about, due_at, event.partner_id), breached(leg)
        case BreachVoided(request_id=request_id, leg=leg, due_at=due_at):
            about = known.requests[request_id]
            return _cell(about, due_at, event.partner_id), voided_breach(leg)
    return None


def _step(event: AnyEvent) -> Counts:
    """What a step of the loop adds."""
    match event:
        case RatingCalledBack(verdict=verdict, late=late):
            return called_back(verdict, late)
        case RatingRuled(ruling=Ruling.ACCEPT, late=late):
            return rectified(late)
        case CaseBreached(leg=leg):
            return case_breached(leg)
        case RatingFollowedUp(grade=grade):
            return followed_up(grade)
    return Counts()


def _excused(event: AnyEvent, known: Known) -> tuple[Cell, Counts] | None:
    """The completion of before that a voided breach excuses; it counts by its own day."""
    if not isinstance(event, BreachVoided) or event.completed_at is None:
        return None
    about = known.requests[event.request_id]
    return _cell(about, event.completed_at, event.completed_by), Counts(completed_excused=1)


def _of_rating(rating: Rating) -> Cell:
    return Cell(
        promises.day_of(rating.rated_at),
        rating.offering,
        rating.partner_id,
        rating.region,
        rating.category,
        rating.sector,
    )


def _cell(about: abouts.About, at: datetime | None, partner_id: UUID | None) -> Cell:
    assert at is not None  # noqa: S101 - a completed request has its instant
    day = promises.day_of(at)
    partner_id = partner_id or NOBODY
    return Cell(day, about.offering, partner_id, about.region, about.category, about.sector)


COLUMNS = (
    *(f"grade_{grade}" for grade in range(1, 6)),
    *(name for name in Counts.__struct_fields__ if name != "grades"),
)
"""The columns of `figure_counts` in the order of a Counts' numbers."""


def numbers_of(counts: Counts) -> dict[str, int]:
    """A Counts as the columns of `figure_counts`."""
    grades, *rest = msgspec.structs.astuple(counts)
    return dict(zip(COLUMNS, (*grades, *rest), strict=True))


def row_of(cell: Cell, counts: Counts) -> dict[str, Any]:
    """A cell and its counts as a row of `figure_counts`."""
    return {**msgspec.structs.asdict(cell), **numbers_of(counts)}


def counts_of(row: Any) -> Counts:
    """The columns of `figure_counts`, in order, as a Counts."""
    return Counts(tuple(row[:5]), *row[5:])


async def apply(session: AsyncSession, changes: Changes) -> None:
    """Add changes to the kept counts; in one order, so that two workers never wait crosswise."""
    for cell in sorted(changes):
        fresh = insert(FigureCount).values(**row_of(cell, changes[cell]))
        added = {name: getattr(FigureCount, name) + fresh.excluded[name] for name in COLUMNS}
        keys = ["day", "offering", "partner_id", "region", "category"]
        await session.execute(fresh.on_conflict_do_update(index_elements=keys, set_=added))


async def kept(session: AsyncSession) -> dict[Cell, Counts]:
    """Every kept count that is not nothing."""
    dimensions = [getattr(FigureCount, name) for name in Cell.__struct_fields__]
    query = select(*dimensions, *(getattr(FigureCount, name) for name in COLUMNS))
    found = {Cell(*row[:6]): counts_of(row[6:]) for row in await session.execute(query)}
    return {cell: counts for cell, counts in found.items() if counts != Counts()}
