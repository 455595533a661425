"""Whatever happens to a request, at any moment its legs touch and add up (time.md L1).

A machine of random journeys over the product's own row and verbs: each act that the state allows,
at any time, the same instant included.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from local.simulation.journey import Journey
from local.simulation.tally import Tally
from local.simulation.world import Plan, World
from service.requests import legs
from service.requests.states import FIRST_REVIEW, OPEN, UNROUTED, Ended, Party, Stage, State
from service.worktime.hours import at

CHANGES = ("FI-01.publicity=3",)  # a first review, publicity and several banks in one offering
WORLD = World(Plan(requests=1, months=1, seed=1, begins_on=date(2026, 3, 1), budgets=CHANGES))
VERSION = WORLD.versions["FI-01"]
PARTNERS = [agency.partner_id for agency in WORLD.agencies[:4]]
START = at(date(2026, 3, 2), time(10))
SPANS = st.one_of(
    st.just(timedelta()),
    st.timedeltas(timedelta(microseconds=1), timedelta(seconds=5)),
    st.timedeltas(timedelta(minutes=1), timedelta(days=4)),
)


def in_state(*states: State) -> Callable[[Any], Any]:
    return precondition(lambda self: self.journey.request.state in states)


class Journeys(RuleBasedStateMachine):
    """One request; `now` never goes back."""

    journey: Journey
    now: datetime

    @initialize()
    def submit(self) -> None:
        self.now = START
        self.journey = Journey(0, VERSION, "370100", WORLD.working_time, Tally(), self.now)

    @rule(span=SPANS)
    def wait(self, span: timedelta) -> None:
        self.now += span

    @in_state(*UNROUTED)
    @rule(partner=st.sampled_from(PARTNERS))
    def offer(self, partner: UUID) -> None:
        self.journey.offer(partner, self.now)

    @in_state(*UNROUTED)
    @rule()
    def find_nobody(self) -> None:
        self.journey.open_ruling(self.now)

    @in_state(State.OFFERED)
    @rule(how=st.sampled_from(("accept", "bounce", "lapse")))
    def answer_offer(self, how: str) -> None:
        match how:
            case "accept":
                self.journey.accept(self.now)
            case "bounce":
                self.journey.bounce("other", self.now)
            case _:
                self.journey.lapse(self.now)

    @in_state(State.IN_RULING)
    @rule(partner=st.sampled_from(PARTNERS))
    def assign(self, partner: UUID) -> None:
        self.journey.assign(partner, self.now)

    @precondition(lambda self: "ask" in self.journey.request.acts(Party.PARTNER))
    @rule()
    def ask(self) -> None:
        self.journey.ask(self.now)

    @in_state(State.AWAITING_CORRECTION)
    @rule()
    def answer(self) -> None:
        self.journey.answer(self.now)

    @in_state(State.ACCEPTED)
    @rule(days=st.integers(1, 5))
    def publicise(self, days: int) -> None:
        self.journey.publicise(days, self.now)

    @in_state(State.IN_PUBLICITY)
    @rule()
    def end_publicity(self) -> None:
        self.journey.end_publicity(self.now)

    @in_state(State.ACCEPTED)
    @rule()
    def say_no_for_the_next_to_be_asked(self) -> None:
        """One bank of several declines (handling._decline)."""
        self.journey.dispatches[-1].declined_at = self.now
        if self.journey.request.stage == Stage.FIRST_REVIEW:
            self.journey.review("refused", self.now)
        else:
            self.journey.stop("handling", self.now)
        self.journey.request.decline(in_time=self.journey.stop("promise", self.now))
        self.journey.start("promise", self.now)

    @precondition(lambda self: FIRST_REVIEW in self.journey.request.acts(Party.PARTNER))
    @rule()
    def pass_the_first_review(self) -> None:
        self.journey.review("passed", self.now)

    @in_state(State.ACCEPTED)
    @rule(outcome=st.sampled_from(("granted", "declined")))
    def complete(self, outcome: str) -> None:
        self.journey.complete(outcome, self.now)

    @in_state(*OPEN)
    @rule()
    def withdraw(self) -> None:
        self.journey.end(State.WITHDRAWN, self.now)

    @in_state(State.AWAITING_CORRECTION, State.IN_RULING)
    @rule()
    def expire(self) -> None:
        self.journey.end(State.EXPIRED, self.now)

    @invariant()
    def its_time_is_whole(self) -> None:
        journey = self.journey
        course = journey.course(self.now)
        cut = legs.cut(course)
        assert legs.faults(course, cut) == []
        until = journey.request.ended_at or self.now
        assert sum((leg.end - leg.begin for leg in cut), timedelta()) == until - START
        assert journey.tally.faults == []

    @invariant()
    def an_ended_request_has_no_clock_and_no_open_pause(self) -> None:
        if self.journey.request.state not in OPEN:
            assert self.journey.running == {}
            assert all(row.ended_at is not None for row in self.journey.pauses)
            assert all(row.ended_at is not None for row in self.journey.dispatches)

    @invariant()
    def of_pauses_and_of_offers_at_most_one_is_open(self) -> None:
        journey = self.journey
        assert sum(row.ended_at is None for row in journey.pauses) <= 1
        standing = [row for row in journey.dispatches if row.end is None]
        assert len(standing) <= 1


Journeys.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestJourneys = Journeys.TestCase


def test_a_leg_that_is_left_out_is_told() -> None:
    journey = Journey(
        0, WORLD.versions["HO-01"], "370100", WORLD.working_time, Tally(), START
    )  # fmt: skip
    journey.offer(uuid4(), START + timedelta(hours=1))
    journey.accept(START + timedelta(hours=2))
    assert journey.dispatches[0].end == Ended.ACCEPTED
    journey.dispatches[0].ended_at = START + timedelta(hours=1, minutes=59)
    course = journey.course(START + timedelta(hours=3))
    assert any("no offer ended" in fault for fault in legs.faults(course, legs.cut(course)))
