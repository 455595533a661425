"""Who gets a request: data decides, this only weighs it (api.md 5.6). Pure and deterministic.

Able is who serves the place, on that day, with capacity left of the day and of the batch, has not
sent this request back, and is the holder's choice where the holder chose. Among those the nearest
region wins, then the lower rank, then who is open now, then the smaller part of the share used
today, then the smaller id. A partner that fell silent (health.py) and was tried today comes last.
Opening hours order the able, they exclude nobody: acceptance is counted in working time anyway,
and a request handed in at night must not end as a ruling.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec

from service.worktime.hours import SHANGHAI

WHY: dict[str, str] = {
    "elsewhere": "不在受理区域",
    "not_in_force": "路由当日不生效",
    "sent_back": "本单已退回或逾期未接",
    "not_chosen": "申请人指定了其他单位",
    "full": "当日承接量已满",
    "batch_full": "本批次(当月)承接量已满",
    "silent": "连续逾期未接件,当日已试派,有其他单位可办",
    "farther": "有更近地区的单位可办",
    "ranked_below": "有顺位在前的单位可办",
    "closed_now": "当前不在办公时间,有在办公的单位可办",
    "share_used": "当日份额已用得更多",
    "later_id": "各项相同,按编号顺序轮后",
}
"""Why somebody was passed over."""


TRIES_OF_THE_SILENT = 1
"""Offers a day of one offering to a partner that does not answer (A)."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One route's partner, with what it has been given of this offering today."""

    partner_id: UUID
    name: str
    region: str
    rank: int
    share: int
    daily_capacity: int | None = None
    opens_at: time | None = None
    closes_at: time | None = None
    valid_from: date = date.min
    valid_to: date | None = None
    batch_capacity: int | None = None
    given_today: int = 0
    given_this_batch: int = 0
    sent_back: bool = False
    silent: bool = False

    @property
    def is_resting(self) -> bool:
        """Whether it fell silent and has had its one offer of the day."""
        return self.silent and self.given_today >= TRIES_OF_THE_SILENT

    def is_open(self, at: time) -> bool:
        """Whether it is within opening hours; no hours given means always."""
        opens, closes = self.opens_at or time.min, self.closes_at or time.max
        return opens <= at < closes

    def in_force(self, day: date) -> bool:
        """Whether the route holds on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @property
    def used(self) -> Fraction:
        """The part of its share used today; who has no share comes after all who have."""
        return Fraction(self.given_today, self.share) if self.share > 0 else Fraction(10**9)


class Considered(msgspec.Struct, frozen=True):
    """One partner that was weighed: chosen, or passed over for a reason."""

    partner_id: UUID
    name: str
    region: str
    chosen: bool
    reason: str | None
    why: str | None
    given_today: int
    open_now: bool
    given_this_batch: int = 0
    silent: bool = False


class Choice(msgspec.Struct, frozen=True):
    """Who gets it, if anybody is able, and what became of each."""

    partner_id: UUID | None
    considered: tuple[Considered, ...]


CHOICE_FIELDS = ("bank", "partner")
"""Members of a form in which a holder names who shall handle it (api.md 5.6)."""


def wanted_of(form: Mapping[str, Any]) -> str | None:
    """The partner that the holder named in the form, if any."""
    named = (form.get(field) for field in CHOICE_FIELDS)
    return next((each for each in named if isinstance(each, str) and each), None)


def choose(
    candidates: Sequence[Candidate],
    *,
    chain: Sequence[str],
    now: datetime,
    wanted: str | None = None,
) -> Choice:
    """Choose among `candidates` for a place whose `chain` is nearest first.

    `wanted` is the holder's choice, a partner's id or name. It binds: what the form says is for
    that bank and for no other (guide.md 5.1), so where it is not able nobody is.
    """
    local = now.astimezone(SHANGHAI)
    barred = {c: _barred(c, chain, local.date(), wanted) for c in candidates}
    able = [c for c in candidates if barred[c] is None]
    best = min(able, key=lambda c: _order(c, chain, local.time()), default=None)
    considered = [
        _considered(c, best, barred[c] or _behind(c, best, chain, local.time()), local.time())
        for c in sorted(candidates, key=lambda c: _order(c, chain, local.time()))
    ]
    return Choice(best.partner_id if best else None, tuple(considered))


def _barred(c: Candidate, chain: Sequence[str], day: date, wanted: str | None) -> str | None:
    if c.region not in chain:
        return "elsewhere"
    if not c.in_force(day):
        return "not_in_force"
    if c.sent_back:
        return "sent_back"
    if wanted is not None and wanted not in (str(c.partner_id), c.name):
        return "not_chosen"
    if c.daily_capacity is not None and c.given_today >= c.daily_capacity:
        return "full"
    if c.batch_capacity is not None and c.given_this_batch >= c.batch_capacity:
        return "batch_full"
    return None


Order = tuple[bool, int, int, bool, Fraction, str]


def _order(c: Candidate, chain: Sequence[str], at: time) -> Order:
    distance = chain.index(c.region) if c.region in chain else len(chain)
    return c.is_resting, distance, c.rank, not c.is_open(at), c.used, str(c.partner_id)


BEHIND = ("silent", "farther", "ranked_below", "closed_now", "share_used", "later_id")
"""The reason at each place of `_order` where somebody is first behind the best."""


def _behind(c: Candidate, best: Candidate | None, chain: Sequence[str], at: time) -> str | None:
    if best is None or c == best:
        return None
    ours, theirs = _order(c, chain, at), _order(best, chain, at)
    differing = (why for why, a, b in zip(BEHIND, ours, theirs, strict=True) if a != b)
    return next(differing, "later_id")


def _considered(c: Candidate, best: Candidate | None, reason: str | None, at: time) -> Considered:
    return Considered(
        partner_id=c.partner_id,
        name=c.name,
        region=c.region,
        chosen=c == best,
        reason=reason,
        why=WHY[reason] if reason else None,
        given_today=c.given_today,
        open_now=c.is_open(at),
        given_this_batch=c.given_this_batch,
        silent=c.silent,
    )
