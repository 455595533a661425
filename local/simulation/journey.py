"""One request on its way: the product's own row, verbs, clocks and legs, without a database.

Each method is what an action of `service/requests` does between its lock and its commit.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import count, islice
from uuid import UUID

from local.simulation.tally import Stopped, Tally
from service.offerings.models import OfferingVersion
from service.requests import clocks, legs, publicity
from service.requests.actions import reach, reviewing
from service.requests.clocks import Leg, Reason
from service.requests.ladder import ACTING
from service.requests.models import Clock, Dispatch, Pause, Request
from service.requests.states import Ended, Stage, State
from service.worktime.calendars import Calendar
from service.worktime.current import WorkingTime
from service.worktime.hours import SHANGHAI
from service.worktime.pauses import Pause as Stretch
from service.worktime.rungs import Fall


class Journey:
    """One request and what became of it."""

    def __init__(
        self,
        number: int,
        version: OfferingVersion,
        region: str,
        working_time: WorkingTime,
        tally: Tally,
        now: datetime,
    ) -> None:
        self.number, self.version, self.tally = number, version, tally
        self.working_time, self.calendar = working_time, working_time.of(region)
        self.request = Request(
            id=UUID(int=number + 1), offering=version.code, region=region, form={},
            state=State.SUBMITTED, bounces=0, submitted_at=now,
        )  # fmt: skip
        self.dispatches: list[Dispatch] = []
        self.pauses: list[Pause] = []
        self.running: dict[Leg, tuple[Clock, Sequence[Fall]]] = {}
        self.start("promise", now)

    @property
    def stood(self) -> list[Stretch]:
        """The pauses as stretches."""
        return [Stretch(row.began_at, row.ended_at) for row in self.pauses]

    def falls(self, leg: Leg) -> dict[str, datetime]:
        """When the rungs of a running clock fall."""
        return {fall.rung: fall.at for fall in self._falls(*self.running[leg])}

    def _falls(self, clock: Clock, at_start: Sequence[Fall]) -> Sequence[Fall]:
        """Its rungs as they fall now; as at its start where nothing held it up since."""
        if not clocks.stretches_of(clock, self.pauses):
            return at_start
        return clocks.falls(clock, self.calendar, self.pauses)

    def start(self, leg: Leg, now: datetime) -> Clock:
        """A clock begins (clocks.start)."""
        clock, falls = clocks.started(self.request, leg, self.version, self.working_time, now)
        self.running[leg] = clock, falls
        return clock

    def stop(self, leg: Leg, now: datetime) -> bool:
        """A clock ends; what fell up to now has fired (clocks.stop). Returns whether in time."""
        clock, at_start = self.running.pop(leg)
        clock.stopped_at = now
        falls = self._falls(clock, at_start)
        fell = [f for f in falls if f.at <= now and f.rung not in ACTING]
        breached_at = next((f.at for f in fell if f.rung == "breach"), None)
        held_up = self.stood if leg in clocks.PAUSED_LEGS else []
        self.tally.stopped(
            Stopped(
                self.request.partner_id, self.request.offering, self.request.region, leg,
                clock.started_at, clocks.budget_of(leg, self.version), tuple(held_up), now,
                breached_at,
            ),
            fell,
        )  # fmt: skip
        return breached_at is None

    def pause(self, reason: Reason, now: datetime, ends_at: datetime | None = None) -> None:
        """Handling and promise stand still (clocks.pause)."""
        row = Pause(request_id=self.request.id, reason=reason, began_at=now, ends_at=ends_at)
        self.pauses.append(row)

    def resume(self, now: datetime) -> None:
        """They run on (clocks.resume)."""
        self.pauses[-1].ended_at = now

    def offer(self, partner_id: UUID, now: datetime) -> None:
        """routing.give."""
        row = Dispatch(
            id=UUID(int=len(self.dispatches) + 1), request_id=self.request.id,
            partner_id=partner_id, round=len(self.dispatches) + 1, offered_at=now,
        )  # fmt: skip
        self.dispatches.append(row)
        clock = self.start("acceptance", now)
        self.request.offer(row, clock.due_at or now)
        self.tally.count("offered", partner_id, now)

    def accept(self, now: datetime) -> None:
        """handling.accept."""
        self._answered(Ended.ACCEPTED, now)
        clock = self.start("handling", now)
        if stage := reviewing.stage_of(self.version):
            self.start("first_review", now)
        self.request.accept(clock.due_at or now, now, stage)

    def review(self, outcome: reviewing.Outcome, now: datetime) -> None:
        """reviewing.end: where it passed, the decision is next."""
        in_time = self.stop("first_review", now)
        due_at = self.running["handling"][0].due_at if outcome == "passed" else None
        self.request.end_first_review(outcome, due_at, in_time=in_time)

    def bounce(self, reason: str, now: datetime) -> None:
        """handling.bounce."""
        self._answered(Ended.BOUNCED, now)
        self.request.bounce(reason)

    def lapse(self, now: datetime) -> None:
        """lapsing.lapse."""
        self._answered(Ended.LAPSED, now)
        self.request.lapse(self.dispatches[-1].id)

    def _answered(self, how: Ended, now: datetime) -> None:
        reach.end(self.dispatches[-1], how, now)
        self.tally.count(how, self.dispatches[-1].partner_id, now)
        self.stop("acceptance", now)

    def open_ruling(self, now: datetime) -> None:
        """routing.open_ruling."""
        self.request.open_ruling()
        self.pause("ruling", now)
        self.tally.count("rulings", None, now)

    def assign(self, partner_id: UUID, now: datetime) -> None:
        """ruling.rule, `assign`."""
        self.request.rule_assigned(partner_id)
        self.resume(now)
        self.offer(partner_id, now)

    def ask(self, now: datetime) -> None:
        """handling.ask."""
        self.pause("correction", now)
        clock = self.start("correction", now)
        self.request.ask(["补充材料"], clock.due_at or now, now)
        self.tally.count("asked", self.request.partner_id, now)

    def answer(self, now: datetime) -> None:
        """submitting.answer: the holder's answer to a correction."""
        self.stop("correction", now)
        self.resume(now)
        self.request.answer({}, now)

    def publicise(self, days: int, now: datetime) -> datetime:
        """handling.publicise, to the end of the last of `days` working days; returns when over."""
        begins_on = now.astimezone(SHANGHAI).date()
        last = working_day_after(self.calendar, begins_on, days)
        publicity.check(self.version, begins_on, last, now)
        ends_at = publicity.end_of(last)
        self.pause("publicity", now, ends_at)
        self.request.begin_publicity(begins_on, last)
        return ends_at

    def end_publicity(self, now: datetime) -> None:
        """lapsing.end_publicity."""
        self.resume(now)
        self.request.end_publicity(now)

    def complete(self, outcome: str, now: datetime) -> None:
        """handling.complete."""
        if self.request.stage == Stage.FIRST_REVIEW:
            self.review("passed" if outcome == "granted" else "refused", now)
        self.stop("handling", now)
        in_time = self.stop("promise", now)
        reason = "不符合条件" if outcome == "declined" else None
        self.request.complete(outcome, {}, reason, in_time=in_time, now=now)
        self.tally.count("completed", self.request.partner_id, now)
        self._whole(now)

    def end(self, how: State, now: datetime) -> None:
        """The holder withdrew, a correction expired, or 专家中心 ended it: all clocks stop."""
        for leg in list(self.running):
            self.stop(leg, now)
        if self.request.state == State.OFFERED:
            reach.end(self.dispatches[-1], Ended.WITHDRAWN, now)
        if self.pauses and self.pauses[-1].ended_at is None:
            self.resume(now)
        match how:
            case State.WITHDRAWN:
                self.request.withdraw(now)
            case _ if self.request.state == State.IN_RULING:
                self.request.rule_ended("无单位承办", now)
            case _:
                self.request.expire(now)
        self.tally.count(how, self.request.partner_id, now)
        self._whole(now)

    def _whole(self, now: datetime) -> None:
        """Its time is cut into legs and must add up (time.md L1)."""
        course = self.course(now)
        cut = legs.cut(course)
        self.tally.legs(cut, legs.faults(course, cut))

    def course(self, now: datetime) -> legs.Course:
        """The facts that its legs are cut from."""
        return legs.course_of(self.request, self.dispatches, self.pauses, now)


def working_day_after(calendar: Calendar, day: date, number: int) -> date:
    """The so-manieth working day after a date."""
    later = (day + timedelta(days=n) for n in count(1))
    return next(islice(filter(calendar.is_workday, later), number - 1, None))
