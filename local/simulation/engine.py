"""The virtual clock: what happens next, to whom, at which instant."""

import heapq
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime

from local.simulation.agencies import Agency
from local.simulation.arrivals import Arrivals
from local.simulation.desk import Desk
from local.simulation.draws import Draws
from local.simulation.journey import Journey
from local.simulation.tally import Tally
from local.simulation.world import World
from service.requests.actions.handling import ask_until
from service.requests.states import State
from service.worktime.hours import SHANGHAI

Act = Callable[[Journey, datetime], None]
REFERENCE = 100_000
"""Requests a year for which `per_day` of the agencies' table stands."""
WORKING_DAY, WORKING_HOUR = 450, 60
"""Minutes by business hours (time.md B3)."""


class Traveller:
    """A journey, its fortune, and the work that is left of it: what next, after how many minutes.

    `step` counts what happened, so that what was to come before it is known to be out of date.
    """

    def __init__(self, journey: Journey, draws: Draws) -> None:
        self.journey, self.draws = journey, draws
        self.work: list[tuple[Act, float]] = []
        self.step = 0


class Simulation:
    """A run from the first request to the end of the last."""

    def __init__(self, world: World) -> None:
        self.world, self.tally = world, Tally()
        self.desk = Desk(world)
        self.arrivals = Arrivals(world)
        self.scale = world.plan.requests * 12 / world.plan.months / REFERENCE
        self._heap: list[tuple[datetime, int, int, Act | None]] = []
        self._on_way: dict[int, Traveller] = {}
        self._done: Counter[tuple[str, date]] = Counter()

    def run(self) -> Tally:
        """Play it to the end."""
        for number in range(self.world.plan.requests):
            draws = Draws(self.world.plan.seed, number)
            heapq.heappush(self._heap, (self.arrivals.instant(draws), number, 0, None))
        while self._heap:
            now, number, step, act = heapq.heappop(self._heap)
            if act is None:
                self._begin(number, now)
            elif number in self._on_way and step in (self._on_way[number].step, AT_ANY_STEP):
                self._on_way[number].step += 1
                act(self._on_way[number].journey, now)
        return self.tally

    def _at(self, when: datetime, journey: Journey, act: Act) -> None:
        step = self._on_way[journey.number].step
        heapq.heappush(self._heap, (when, journey.number, step, act))

    def _draws(self, journey: Journey) -> Draws:
        return self._on_way[journey.number].draws

    def _agency(self, journey: Journey) -> Agency:
        partner_id = journey.request.partner_id
        return self.world.by_id[partner_id] if partner_id else self.world.centre

    def _begin(self, number: int, now: datetime) -> None:
        draws = Draws(self.world.plan.seed, number)
        version = self.world.versions[self.arrivals.offering(draws)]
        region = self.arrivals.region(draws)
        journey = Journey(number, version, region, self.world.working_time, self.tally, now)
        self._on_way[number] = Traveller(journey, draws)
        self.tally.count("submitted", None, now)
        holder = self.world.demand.holder
        if draws.happens("withdraws", holder["withdraws"]):
            minutes = draws.uniform("withdraws when") * 10 * WORKING_DAY
            when = self.world.holders(journey.request.region).after(minutes, now)
            heapq.heappush(self._heap, (when, number, AT_ANY_STEP, self._withdraw))
        self._route(journey, now)

    def _route(self, journey: Journey, now: datetime) -> None:
        choice = self.desk.weigh(journey, now)
        if choice.partner_id is None:
            self._to_ruling(journey, now)
            return
        journey.offer(choice.partner_id, now)
        self._offered(journey, now)

    def _offered(self, journey: Journey, now: datetime) -> None:
        """The partner answers, or its time and the grace run out first."""
        self.desk.note_offer(journey, now)
        agency, draws = self._agency(journey), self._draws(journey)
        which = f"offer {len(journey.dispatches)}"
        lapse_at = journey.falls("acceptance")["lapse"]
        usual = (self.world.usual[journey.version.code].accept_hours or 8) * WORKING_HOUR
        minutes = draws.around(f"{which} answer", agency.answer * usual, 0.5)
        answer_at = self.world.opening(agency).after(minutes, now)
        if answer_at >= lapse_at or draws.happens(f"{which} ignored", agency.ignores):
            self._at(lapse_at, journey, self._lapse)
        elif draws.happens(f"{which} bounced", agency.bounces):
            self._at(answer_at, journey, self._bounce)
        else:
            self._at(answer_at, journey, self._accept)

    def _lapse(self, journey: Journey, now: datetime) -> None:
        self.desk.note_lapse(journey, now)
        journey.lapse(now)
        self._sent_back(journey, now)

    def _bounce(self, journey: Journey, now: datetime) -> None:
        self.desk.note_answer(journey)
        journey.bounce("no_capacity", now)
        self._sent_back(journey, now)

    def _sent_back(self, journey: Journey, now: datetime) -> None:
        if journey.request.bounced_out:
            self._to_ruling(journey, now)
        else:
            self._route(journey, now)

    def _to_ruling(self, journey: Journey, now: datetime) -> None:
        journey.open_ruling(now)
        centre, which = self.world.centre, f"ruling {len(journey.dispatches)}"
        minutes = self._draws(journey).around(which, centre.speed * 2 * WORKING_DAY, centre.spread)
        self._at(self.world.opening(centre).after(minutes, now), journey, self._rule)

    def _rule(self, journey: Journey, now: datetime) -> None:
        choice = self.desk.weigh(journey, now, forgiving=True)
        rulings = sum(row.reason == "ruling" for row in journey.pauses)
        if choice.partner_id is None or rulings > RULINGS:
            self._end(journey, State.EXPIRED, now)
            return
        journey.assign(choice.partner_id, now)
        self._offered(journey, now)

    def _accept(self, journey: Journey, now: datetime) -> None:
        self.desk.note_answer(journey)
        journey.accept(now)
        agency, draws = self._agency(journey), self._draws(journey)
        usual = (self.world.usual[journey.version.code].complete_wd or 5) * agency.minutes_a_day
        whole = draws.around("work", agency.speed * usual, agency.spread)
        work: list[tuple[Act, float]] = []
        if draws.happens("correction", agency.corrections):
            share = 0.1 + 0.4 * draws.uniform("correction when")
            work.append((self._ask, whole * share))
        asked = len(work)
        if journey.version.publicity_wd:
            work.append((self._publicise, whole * 0.8 - sum(m for _, m in work)))
        work.append((self._complete, whole - sum(m for _, m in work)))
        if journey.version.first_review_wd:
            days = self.world.usual[journey.version.code].first_review_wd or 5
            looks = agency.speed * days * agency.minutes_a_day
            minutes = draws.around("first review", looks, agency.spread)
            work.insert(asked, (self._review, minutes))
        self._on_way[journey.number].work = work
        self._work_on(journey, now)

    def _work_on(self, journey: Journey, now: datetime) -> None:
        act, minutes = self._on_way[journey.number].work.pop(0)
        opening = self.world.opening(self._agency(journey))
        self._at(opening.after(minutes, now), journey, act)

    def _ask(self, journey: Journey, now: datetime) -> None:
        accepted_at = journey.request.accepted_at or now
        until = ask_until(accepted_at, journey.calendar, journey.stood)
        if until is None or now >= until:
            self._work_on(journey, now)  # too late to ask: it goes on with what there is
            return
        journey.ask(now)
        holder, draws = self.world.demand.holder, self._draws(journey)
        expire_at = journey.falls("correction")["expire"]
        usual = (self.world.usual[journey.version.code].correction_wd or 5) * WORKING_DAY
        minutes = draws.around("answer", holder["answer"] * usual, holder["spread"])
        answer_at = self.world.holders(journey.request.region).after(minutes, now)
        if answer_at >= expire_at or draws.happens("no answer", holder["silent"]):
            self._at(expire_at, journey, self._expire)
        else:
            self._at(answer_at, journey, self._answer)

    def _answer(self, journey: Journey, now: datetime) -> None:
        journey.answer(now)
        self._work_on(journey, now)

    def _review(self, journey: Journey, now: datetime) -> None:
        journey.review("passed", now)
        self._work_on(journey, now)

    def _publicise(self, journey: Journey, now: datetime) -> None:
        ends_at = journey.publicise(journey.version.publicity_wd or 1, now)
        self._at(ends_at, journey, self._end_publicity)

    def _end_publicity(self, journey: Journey, now: datetime) -> None:
        journey.end_publicity(now)
        self._work_on(journey, now)

    def _complete(self, journey: Journey, now: datetime) -> None:
        agency = self._agency(journey)
        place = agency.key, now.astimezone(SHANGHAI).date()
        if agency.per_day is not None and self._done[place] >= agency.per_day * self.scale:
            # No hand is free today; tomorrow those who waited come first.
            later = self.world.opening(agency).next_day(now)
            self._at(later, journey, self._complete)
            return
        self._done[place] += 1
        declined = self._draws(journey).happens("declined", self.world.demand.holder["declined"])
        journey.complete("declined" if declined else "granted", now)
        del self._on_way[journey.number]

    def _withdraw(self, journey: Journey, now: datetime) -> None:
        self._end(journey, State.WITHDRAWN, now)

    def _expire(self, journey: Journey, now: datetime) -> None:
        self._end(journey, State.EXPIRED, now)

    def _end(self, journey: Journey, how: State, now: datetime) -> None:
        journey.end(how, now)
        del self._on_way[journey.number]


RULINGS = 3
"""So often 专家中心 names a partner; then it ends what nobody takes on (A)."""
AT_ANY_STEP = -1
"""What the holder does may come whatever the partner is at."""
