"""A request's whole time, cut into legs that touch without gap or overlap (time.md L1). Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

from service.requests.models import Dispatch, Pause, Request

MICROSECOND = timedelta(microseconds=1)


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch: `routing`, `acceptance` (of which offer), `handling`, or `pause` (why)."""

    leg: str
    begin: datetime
    end: datetime
    round: int | None = None
    reason: str | None = None

    @property
    def microseconds(self) -> int:
        """Its length."""
        return (self.end - self.begin) // MICROSECOND


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that a request's legs are cut from; `until` is its end, or now; `declined` from
    when to when each bank handled it that said no."""

    submitted_at: datetime
    accepted_at: datetime | None
    until: datetime
    offers: tuple[Leg, ...]
    pauses: tuple[Leg, ...]
    declined: tuple[tuple[datetime, datetime], ...] = ()


def course_of(
    request: Request,
    dispatches: Sequence[Dispatch],
    pauses: Sequence[Pause],
    now: datetime,
) -> Course:
    """The facts of rows."""
    until = request.ended_at or now
    return Course(
        submitted_at=request.submitted_at,
        accepted_at=request.accepted_at,
        until=until,
        offers=tuple(
            Leg(leg="acceptance", begin=d.offered_at, end=d.ended_at or until, round=d.round)
            for d in dispatches
        ),
        pauses=tuple(
            Leg(leg="pause", begin=p.began_at, end=p.ended_at or until, reason=p.reason)
            for p in pauses
        ),
        declined=tuple(
            (d.ended_at, d.declined_at) for d in dispatches if d.ended_at and d.declined_at
        ),
    )


def cut(course: Course) -> list[Leg]:
    """The legs in order: offers and pauses by their own rows, routing and handling between them."""
    legs: list[Leg] = []
    at = course.submitted_at
    for known in sorted((*course.offers, *course.pauses), key=lambda leg: (leg.begin, leg.end)):
        legs += _between(course, at, known.begin)
        legs.append(known)
        at = known.end
    return [*legs, *_between(course, at, course.until)]


def _between(course: Course, begin: datetime, end: datetime) -> list[Leg]:
    """What lies between two known legs, cut where a bank said no."""
    turns = {said for _, said in course.declined if begin < said < end}
    points = [begin, *sorted(turns), end]
    return [
        Leg(leg=_kind(course, one), begin=one, end=other)
        for one, other in pairwise(points)
        if one < other
    ]


def _kind(course: Course, at: datetime) -> str:
    return "handling" if _is_handled(course, at) else "routing"


def _is_handled(course: Course, at: datetime) -> bool:
    now = course.accepted_at is not None and course.accepted_at <= at
    return now or any(begin <= at < end for begin, end in course.declined)


def faults(course: Course, legs: Sequence[Leg]) -> list[str]:
    """What is wrong with the legs; nothing where they add up to the whole exactly (L1)."""
    found: list[str] = []
    at = course.submitted_at
    for leg in legs:
        if leg.begin != at:
            kind = "overlap" if leg.begin < at else "gap"
            found.append(f"{kind} before {leg.leg} at {leg.begin.isoformat()}")
        if leg.end < leg.begin:
            found.append(f"{leg.leg} ends before it begins at {leg.begin.isoformat()}")
        at = leg.end
    if at != course.until:
        found.append(f"the legs end at {at.isoformat()}, the request at {course.until.isoformat()}")
    whole = (course.until - course.submitted_at) // MICROSECOND
    if (total := sum(leg.microseconds for leg in legs)) != whole:
        found.append(f"the legs are {total} µs long, the whole {whole} µs")
    accepted = course.accepted_at
    if accepted is not None and not any(o.end == accepted for o in course.offers):
        found.append(f"accepted at {accepted.isoformat()}, where no offer ended")
    return found
