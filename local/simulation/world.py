"""What a run is played in: offerings with their budgets, partners with their rules, a calendar."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from local.simulation.agencies import (
    AGENCIES,
    CENTRE,
    DEMAND,
    Agency,
    Demand,
    handled_by,
    read_agencies,
    read_demand,
)
from local.simulation.opening import Opening
from service.offerings import details
from service.offerings.catalogue import NO_POLICY, content_of
from service.offerings.models import OfferingVersion
from service.problems import FieldError, InvalidBody
from service.reference import tables
from service.requests.rules import Rule
from service.worktime.calendars import Calendar, build
from service.worktime.current import WorkingTime, read_overlays, shipped

BUDGET = re.compile(
    r"([A-Z0-9-]{1,16})\.(acceptance|first_review|handling|correction|publicity)=(\d{1,3})"
)
COLUMN = {
    "acceptance": "accept_hours",
    "first_review": "first_review_wd",
    "handling": "complete_wd",
    "correction": "correction_wd",
    "publicity": "publicity_wd",
}
"""Where an offering's version keeps the budget of a leg: working hours, else working days."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: how much, from when, by which data. `budgets`: `HO-01.handling=10`."""

    requests: int
    months: int
    seed: int
    begins_on: date
    budgets: tuple[str, ...] = ()
    calendar: Path | None = None
    agencies: Path = AGENCIES
    demand: Path = DEMAND

    @property
    def ends_on(self) -> date:
        """The day after the last on which requests come in."""
        return month_after(self.begins_on, self.months)


class World:
    """All that stays as it is during a run."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.usual = versions()
        self.versions = versions(plan.budgets)
        self.working_time = _working_time(plan.calendar)
        self.agencies = read_agencies(plan.agencies)
        self.demand: Demand = read_demand(plan.demand)
        self.by_id: Mapping[UUID, Agency] = {each.partner_id: each for each in self.agencies}
        self.centre = next(each for each in self.agencies if each.key == CENTRE)
        self.rules = {code: self._rules(code) for code in self.versions}
        self._open: dict[str, Opening] = {}

    def _rules(self, code: str) -> list[Rule]:
        return [agency.rule(code) for agency in handled_by(self.agencies, code)]

    def chain(self, region: str) -> Sequence[str]:
        """A place and what it lies in, nearest first."""
        return self.working_time.places.chain(region)

    def opening(self, agency: Agency) -> Opening:
        """When somebody is there to work."""
        if agency.key not in self._open:
            days = self.working_time.of(agency.region).at((), (), agency.hours)
            self._open[agency.key] = self._opening(days)
        return self._open[agency.key]

    def holders(self, region: str) -> Opening:
        """When holders do what they are asked for: by the hours of their region (A)."""
        if region not in self._open:
            self._open[region] = self._opening(self.working_time.of(region))
        return self._open[region]

    def _opening(self, calendar: Calendar) -> Opening:
        # What came in on the last day has half a year and more to come to its end.
        last = min(month_after(self.plan.ends_on, 11), date(max(calendar.years) + 1, 1, 1))
        return Opening(calendar, self.plan.begins_on, last)


def month_after(day: date, months: int) -> date:
    """The first of the month so many months later."""
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, 1)


def days_of(plan: Plan) -> list[date]:
    """The days on which requests come in."""
    length = (plan.ends_on - plan.begins_on).days
    return [plan.begins_on + timedelta(days=n) for n in range(length)]


def versions(budgets: Sequence[str] = ()) -> dict[str, OfferingVersion]:
    """The offerings that are handled, as shipped, with other budgets; raises InvalidBody."""
    text = (tables.DATA / "catalogue.tsv").read_text(encoding="utf-8")
    rows, policies = tables.read_table("catalogue", text), details.policies()
    contents = [
        content_of(row, policies.get(row["code"], NO_POLICY))
        for row in rows
        if row["mode"] == "case"
    ]
    by_code = {content["code"]: content for content in contents}
    for told in budgets:
        code, column, number = _budget(told)
        if code not in by_code or not number:
            raise _no_budget(told)
        by_code[code][column] = number
    return {code: OfferingVersion(**content) for code, content in by_code.items()}


def _budget(text: str) -> tuple[str, str, int]:
    told = BUDGET.fullmatch(text)
    if told is None:
        raise _no_budget(text)
    return told[1], COLUMN[told[2]], int(told[3])


def _no_budget(text: str) -> InvalidBody:
    wrong = f"“{text}”不对;应如 HO-01.handling=10(受理 acceptance 为工作小时,其余为工作日)。"
    return InvalidBody(FieldError("/budget", "unknown", wrong), detail=wrong)


def _working_time(path: Path | None) -> WorkingTime:
    """As shipped; or by a whole table of days; or with single days changed. Raises BadTable."""
    known = shipped()
    if path is None:
        return known
    text = path.read_text(encoding="utf-8-sig")
    hours = {tables.PROVINCE: known.of(tables.PROVINCE).hours}
    if "region" in text.partition("\n")[0].split("\t"):
        overlays = read_overlays(tables.read_table("calendar_overlays", text))
        return WorkingTime(known.calendar, known.places, overlays, hours)
    rows = tables.read_table("calendar", text)
    return WorkingTime(build(known.calendar.version + 1, rows), known.places, (), hours)
