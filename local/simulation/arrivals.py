"""When, where and for what requests come in."""

from datetime import date, datetime, time, timedelta

from local.simulation.draws import Draws, Weighted
from local.simulation.world import World, days_of
from service.offerings.windows import window_open
from service.worktime.hours import SHANGHAI


class Arrivals:
    """Demand over the days of a run."""

    def __init__(self, world: World) -> None:
        demand, calendar = world.demand, world.working_time.calendar
        days = days_of(world.plan)
        weights = {day: demand.weight_of(day, worked=calendar.is_workday(day)) for day in days}
        self._days: dict[str, Weighted[date]] = {}
        for code, version in world.versions.items():
            able = [day for day in days if window_open(version.window, day)]
            self._days[code] = Weighted(able, [weights[day] for day in able])
        # What has no day to be asked for in this run is not asked for.
        codes = [code for code in demand.offering if self._days[code].things]
        self._codes = Weighted(codes, [demand.offering[code] for code in codes])
        self._regions = Weighted(list(demand.region), list(demand.region.values()))
        self._hours = Weighted([int(hour) for hour in demand.hour], list(demand.hour.values()))

    def offering(self, draws: Draws) -> str:
        """What is asked for."""
        return self._codes.at(draws.uniform("offering"))

    def region(self, draws: Draws) -> str:
        """Where."""
        return self._regions.at(draws.uniform("region"))

    def instant(self, draws: Draws) -> datetime:
        """When, to the second."""
        day = self._days[self.offering(draws)].at(draws.uniform("day"))
        hour = self._hours.at(draws.uniform("hour"))
        begin = datetime.combine(day, time(hour), SHANGHAI)
        return begin + timedelta(seconds=int(3600 * draws.uniform("second")))
