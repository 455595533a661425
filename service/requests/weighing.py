"""From a rule and what is known of its partner to a candidate: live and in a replay the same."""

from datetime import datetime, time
from typing import NamedTuple

from service.requests.routing import Candidate
from service.requests.rules import Rule
from service.worktime.hours import SHANGHAI


class Given(NamedTuple):
    """How many offers of one offering a partner had, today and in this month's batch."""

    today: int
    this_batch: int


NOTHING = Given(0, 0)


def starts_of(now: datetime) -> tuple[datetime, datetime]:
    """When this day and this month began, in Shanghai."""
    day = datetime.combine(now.astimezone(SHANGHAI).date(), time.min, SHANGHAI)
    return day, day.replace(day=1)


def candidate_of(
    rule: Rule, name: str, given: Given, *, sent_back: bool, declined: bool, silent: bool
) -> Candidate:
    """What `choose` weighs."""
    return Candidate(
        partner_id=rule.partner_id,
        name=name,
        region=rule.region,
        rank=rule.rank,
        share=rule.share,
        daily_capacity=rule.daily_capacity,
        batch_capacity=rule.batch_capacity,
        opens_at=rule.opens_at,
        closes_at=rule.closes_at,
        valid_from=rule.valid_from,
        valid_to=rule.valid_to,
        given_today=given.today,
        given_this_batch=given.this_batch,
        sent_back=sent_back,
        declined=declined,
        silent=silent,
    )
