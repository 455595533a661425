"""How partners, holders and demand behave: data, read from tables (A)."""

import csv
from collections.abc import Sequence
from datetime import date, time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import msgspec

from service.reference.tables import BadTable
from service.requests.rules import ANY_TIME, Rule
from service.worktime.hours import Hours, Span

DATA = Path(__file__).parent / "data"
AGENCIES, DEMAND = DATA / "agencies.tsv", DATA / "demand.tsv"
EVERYTHING, CENTRE = "*", "centre"
NAMES = UUID("6f1f6d8e-5d0b-5c39-9b7b-2270f0ca57ed")
"""Under which partners get ids, so that a run names the same ones each time."""


class Agency(msgspec.Struct, frozen=True, kw_only=True):
    """One partner: what it gets, when it is open, how fast and how careful it is.

    `speed`: median of the work as a share of the usual handling time, `spread` of its logarithm;
    `answer`: the same for accepting; `ignores`, `bounces`, `corrections`: shares of its cases;
    `per_day`: completions a working day at a hundred thousand requests a year, none: no limit.
    """

    key: str
    name: str
    region: str
    offerings: tuple[str, ...]
    rank: int
    share: int
    hours: Hours
    speed: float
    spread: float
    answer: float
    ignores: float
    bounces: float
    corrections: float
    per_day: float | None

    @property
    def partner_id(self) -> UUID:
        """The same in each run."""
        return uuid5(NAMES, self.key)

    @property
    def minutes_a_day(self) -> int:
        """How long it is open on a working day."""
        opens = (60 * (s.closes.hour - s.opens.hour) for s in self.hours)
        return sum(opens) + sum(s.closes.minute - s.opens.minute for s in self.hours)

    def rule(self, offering: str) -> Rule:
        """Its line in 派单规则."""
        return Rule(
            offering=offering,
            region=self.region,
            partner_id=self.partner_id,
            rank=self.rank,
            share=self.share,
            daily_capacity=None,
            batch_capacity=None,
            opens_at=self.hours[0].opens,
            closes_at=self.hours[-1].closes,
            valid_from=ANY_TIME,
            valid_to=None,
        )


class Demand(msgspec.Struct, frozen=True):
    """Weights: where, what, when requests come from; `holder`: how holders behave."""

    region: dict[str, float]
    offering: dict[str, float]
    month: dict[str, float]
    hour: dict[str, float]
    dayoff: float
    holder: dict[str, float]

    def weight_of(self, day: date, *, worked: bool) -> float:
        """How much comes in on a day; less on a day off."""
        return self.month.get(f"{day:%m}", 1.0) * (1.0 if worked else self.dayoff)


def rows_of(path: Path) -> list[dict[str, str]]:
    """A table's rows."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def read_agencies(path: Path = AGENCIES) -> list[Agency]:
    """The partners of a table; raises BadTable naming the line that is wrong."""
    found = []
    for number, row in enumerate(rows_of(path), 2):
        try:
            found.append(msgspec.convert(_of(row), Agency, strict=False))
        except (KeyError, ValueError, msgspec.ValidationError) as wrong:
            raise BadTable(f"{path.name} 第 {number} 行: {wrong}。") from wrong
    if CENTRE not in {agency.key for agency in found}:
        raise BadTable(f"{path.name} 缺少 {CENTRE}(专家中心)一行。")
    return found


def _of(row: dict[str, str]) -> dict[str, Any]:
    spans = [span.split("-") for span in row["hours"].split(",")]
    hours = tuple(Span(time.fromisoformat(a), time.fromisoformat(b)) for a, b in spans)
    told = row["offerings"]
    offerings = () if told == "-" else tuple(told.split(","))
    per_day = float(row["per_day"]) if row["per_day"] else None
    return {**row, "hours": hours, "offerings": offerings, "per_day": per_day}


def read_demand(path: Path = DEMAND) -> Demand:
    """The weights of a table; raises BadTable."""
    kinds: dict[str, dict[str, float]] = {}
    for row in rows_of(path):
        kinds.setdefault(row["kind"], {})[row["of"]] = float(row["weight"])
    dayoff = kinds.pop("dayoff", {}).get("*", 0.0)
    try:
        return msgspec.convert({**kinds, "dayoff": dayoff}, Demand)
    except msgspec.ValidationError as wrong:
        raise BadTable(f"{path.name}: {wrong}。") from wrong


def handled_by(agencies: Sequence[Agency], offering: str) -> list[Agency]:
    """Who gets an offering; whoever takes everything takes no loan, which only banks give."""
    return [
        each
        for each in agencies
        if offering in each.offerings
        or (EVERYTHING in each.offerings and not offering.startswith("FI-"))
    ]
