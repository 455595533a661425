"""Tables of figures as the centre and as everybody see them (api.md 6.2, 6.4)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from service.satisfaction import figures, suppression
from service.satisfaction.breakdown import Dimension, Period, Scope
from service.satisfaction.figures import SUPPRESSED, Counts, Share
from service.satisfaction.promises import local
from service.satisfaction.rules import Rules


class FigureRow(msgspec.Struct, frozen=True):
    """One row: 好评率, 满意度, 主动评价率, the loop's shares (F4), and what they are made of."""

    key: str
    name: str
    good_rate: Share
    satisfaction: Share
    active_rate: Share
    grades: dict[str, int]
    voided: int
    defaults: int
    completed: int
    redeemed: int
    called_back_rate: Share
    rectified_in_time_rate: Share
    follow_up_rate: Share


def row(key: str, name: str, counts: Counts, rules: Rules) -> FigureRow:
    """A row of counts."""
    return FigureRow(
        key,
        name,
        figures.good_rate(counts),
        figures.satisfaction(counts, rules.weights),
        figures.active_rate(counts),
        {str(grade): counts.grades[grade - 1] for grade in (5, 4, 3, 2, 1)},
        counts.voided,
        counts.defaults,
        counts.completed,
        counts.redeemed,
        figures.called_back_rate(counts),
        figures.rectified_in_time_rate(counts),
        figures.follow_up_rate(counts),
    )


class FigureTable(msgspec.Struct, frozen=True):
    """评价 by one dimension."""

    by: Dimension
    region: str
    begins_on: date | None = msgspec.field(name="from")
    ends_on: date | None = msgspec.field(name="to")
    as_of: datetime
    items: Sequence[FigureRow]
    total: FigureRow


def table(
    by: Dimension,
    scope: Scope,
    period: Period,
    found: Mapping[str, Counts],
    known: Mapping[str, str],
    rules: Rules,
    now: datetime,
) -> FigureTable:
    """The centre's table: nothing is suppressed."""
    items = [row(key, known.get(key, key), counts, rules) for key, counts in found.items()]
    whole = row("total", "合计", figures.total(found.values()), rules)
    return FigureTable(by, scope.region, period.begins_on, period.ends_on, local(now), items, whole)


class SlaRow(msgspec.Struct, frozen=True):
    """One row: 按时办结率 and missed deadlines by leg; also with voided ones left out (E3)."""

    key: str
    name: str
    on_time: Share
    completed: int
    completed_in_time: int
    breached_promise: int
    breached_acceptance: int
    breached_handling: int
    on_time_excused: Share
    completed_excused: int
    void_promise: int
    void_acceptance: int
    void_handling: int


def sla_row(key: str, name: str, counts: Counts) -> SlaRow:
    """A row of counts."""
    return SlaRow(
        key,
        name,
        figures.on_time(counts),
        counts.completed,
        counts.completed_in_time,
        counts.breached_promise,
        counts.breached_acceptance,
        counts.breached_handling,
        figures.on_time_excused(counts),
        counts.completed_excused,
        counts.void_promise,
        counts.void_acceptance,
        counts.void_handling,
    )


class SlaTable(msgspec.Struct, frozen=True):
    """时限 by one dimension; a request counts by the day of its completion, a breach by its own."""

    by: Dimension
    region: str
    begins_on: date | None = msgspec.field(name="from")
    ends_on: date | None = msgspec.field(name="to")
    as_of: datetime
    items: Sequence[SlaRow]
    total: SlaRow


def sla_table(
    by: Dimension,
    scope: Scope,
    period: Period,
    found: Mapping[str, Counts],
    known: Mapping[str, str],
    now: datetime,
) -> SlaTable:
    """The centre's table of deadlines; rows in which nothing was promised are left out."""
    promised = {k: c for k, c in found.items() if msgspec.structs.replace(c, **NOT_SLA) != Counts()}
    items = [sla_row(key, known.get(key, key), counts) for key, counts in promised.items()]
    whole = sla_row("total", "合计", figures.total(promised.values()))
    return SlaTable(by, scope.region, period.begins_on, period.ends_on, local(now), items, whole)


NOT_SLA = {
    "grades": (0, 0, 0, 0, 0), "voided": 0, "defaults": 0, "redeemed": 0, "called_back": 0,
    "call_backs_ended": 0, "rectified_in_time": 0, "rectifications_ended": 0, "follow_ups": 0,
    "follow_ups_good": 0,
}  # fmt: skip


class PublicRow(msgspec.Struct, frozen=True):
    """One published row; suppressed shares are null and say so (F6)."""

    key: str
    name: str
    good_rate: Share
    satisfaction: Share


class PublicTable(msgspec.Struct, frozen=True):
    """What is published to everybody: one year, to the end of yesterday."""

    by: Dimension
    year: int
    through: date
    items: Sequence[PublicRow]
    total: PublicRow


def public_row(key: str, name: str, counts: Counts, hide: bool, rules: Rules) -> PublicRow:
    """A row, or its name alone."""
    if hide:
        return PublicRow(key, name, SUPPRESSED, SUPPRESSED)
    good, mean = figures.good_rate(counts), figures.satisfaction(counts, rules.weights)
    return PublicRow(key, name, good, mean)


def public_table(
    by: Dimension,
    year: int,
    through: date,
    found: Mapping[str, Counts],
    known: Mapping[str, str],
    rules: Rules,
) -> PublicTable:
    """The published table (F6): small cells hidden, and the next where subtraction would tell."""
    sizes = [counts.n for counts in found.values()]
    hide = suppression.hidden(sizes, rules.publish_from)
    items = [
        public_row(key, known.get(key, key), counts, place in hide, rules)
        for place, (key, counts) in enumerate(found.items())
    ]
    whole = figures.total(found.values())
    hide_total = suppression.total_hidden(sizes, rules.publish_from)
    total = public_row("total", "合计", whole, hide_total, rules)
    return PublicTable(by, year, through, items, total)
