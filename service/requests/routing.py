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
    "declined": "本单位已答复不予办理",
    "not_chosen": "申请人指定了其他单位",
    "full": "当日承接量已满",
    "batch_full": "本批次(当月)承接量已满",
    "chosen_later": "申请人选在前面的单位可办",
    "in_a_batch": "申请在另一单位本批的轮候名单上",
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
    declined: bool = False
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


ORDER_FIELD, OTHERS_FIELD = "banks", "all_banks"
"""Members of a form in which a holder names several in order, and says whether the others may be
asked after them."""


class Wanted(msgspec.Struct, frozen=True):
    """Whom the holder chose, first to last, each by id or name; `others`: then whoever else.

    `batch`: it is not the holder's choice but the agency on whose waiting list the request is.
    """

    named: tuple[str, ...] = ()
    others: bool = False
    batch: bool = False

    def __bool__(self) -> bool:
        return bool(self.named) or self.others

    @property
    def goes_on(self) -> bool:
        """Whether one partner's no leaves another to be asked."""
        return len(self.named) > 1 or self.others

    def place(self, c: "Candidate") -> int:
        """Where the holder put it; who is not named comes after all who are."""
        places = (n for n, each in enumerate(self.named) if each in (str(c.partner_id), c.name))
        return next(places, len(self.named))

    def bars(self, c: "Candidate") -> bool:
        """Whether the holder's choice leaves it out."""
        return bool(self.named) and not self.others and self.place(c) == len(self.named)


NOBODY_NAMED = Wanted()


def wanted_of(form: Mapping[str, Any]) -> Wanted:
    """Whom the holder named in the form, if anybody."""
    order = form.get(ORDER_FIELD)
    listed = order if isinstance(order, list) else []
    named = [*(form.get(field) for field in CHOICE_FIELDS), *listed]
    found = dict.fromkeys(each for each in named if isinstance(each, str) and each)
    return Wanted(tuple(found), form.get(OTHERS_FIELD) is True)


def choose(
    candidates: Sequence[Candidate],
    *,
    chain: Sequence[str],
    now: datetime,
    wanted: Wanted = NOBODY_NAMED,
) -> Choice:
    """Choose among `candidates` for a place whose `chain` is nearest first.

    `wanted` is the holder's choice. It binds, in its order: what the form says is for those banks
    and for no other (guide.md 5.1), so where none of them is able nobody is.
    """
    local = now.astimezone(SHANGHAI)
    barred = {c: _barred(c, chain, local.date(), wanted) for c in candidates}
    able = [c for c in candidates if barred[c] is None]
    orders = {c: _order(c, chain, local.time(), wanted) for c in candidates}
    best = min(able, key=orders.__getitem__, default=None)
    considered = [
        _considered(c, best, barred[c] or _behind(c, best, orders, wanted), local.time())
        for c in sorted(candidates, key=orders.__getitem__)
    ]
    return Choice(best.partner_id if best else None, tuple(considered))


def _barred(c: Candidate, chain: Sequence[str], day: date, wanted: Wanted) -> str | None:
    if c.region not in chain:
        return "elsewhere"
    if not c.in_force(day):
        return "not_in_force"
    if c.sent_back:
        return "sent_back"
    if c.declined:
        return "declined"
    if wanted.bars(c):
        return "not_chosen"
    if c.daily_capacity is not None and c.given_today >= c.daily_capacity:
        return "full"
    if c.batch_capacity is not None and c.given_this_batch >= c.batch_capacity:
        return "batch_full"
    return None


Order = tuple[int, bool, int, int, bool, Fraction, str]


def _order(c: Candidate, chain: Sequence[str], at: time, wanted: Wanted) -> Order:
    distance = chain.index(c.region) if c.region in chain else len(chain)
    place, later = wanted.place(c), not c.is_open(at)
    return place, c.is_resting, distance, c.rank, later, c.used, str(c.partner_id)


BEHIND = (
    "chosen_later",
    "silent",
    "farther",
    "ranked_below",
    "closed_now",
    "share_used",
    "later_id",
)
"""The reason at each place of `_order` where somebody is first behind the best."""


def _behind(
    c: Candidate, best: Candidate | None, orders: Mapping[Candidate, Order], wanted: Wanted
) -> str | None:
    if best is None or c == best:
        return None
    ours, theirs = orders[c], orders[best]
    differing = (why for why, a, b in zip(BEHIND, ours, theirs, strict=True) if a != b)
    first = next(differing, "later_id")
    return "in_a_batch" if wanted.batch and first == "chosen_later" else first


OUT = ("elsewhere", "not_in_force", "sent_back", "declined", "not_chosen")
"""Why a partner will not be asked, today or later."""


def left_to_ask(choice: Choice, now_at: UUID | None) -> bool:
    """Whether somebody beside the partner that has it could still be asked."""
    return any(c.partner_id != now_at and c.reason not in OUT for c in choice.considered)


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
