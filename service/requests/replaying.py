"""What a table of rules would have done: the log's choices made again (api.md 5.6). No session.

Each choice is made as it was then: who had sent the request back, whom the holder chose and who
was silent are read from the log; what each partner had been given today and this month is counted
as the rules under trial give it. What the other partner would have answered nobody knows, so each
choice is judged by itself. The rules that were in force give no difference.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from events import of_partners, of_requests
from service.reference.regions import Regions
from service.requests.routing import NOBODY_NAMED, Choice, Wanted, choose
from service.requests.rules import Rule
from service.requests.states import LIMIT_OF_BOUNCES
from service.requests.weighing import Given, candidate_of, starts_of


class Happened(NamedTuple):
    """One event of the log: when, where, what."""

    at: datetime
    region: str
    event: Any


class Difference(msgspec.Struct, frozen=True):
    """One choice that would have been another; `why` is why the rules pass over who had it."""

    at: datetime
    request_id: UUID
    offering: str
    region: str
    was: UUID | None
    would: UUID | None
    why: str | None


class Replay:
    """The rules under trial, and what the log has said so far."""

    def __init__(self, rules: Sequence[Rule], names: Mapping[UUID, str], places: Regions) -> None:
        self.names, self.places = names, places
        self.by_offering: dict[str, list[Rule]] = {}
        for rule in rules:
            self.by_offering.setdefault(rule.offering, []).append(rule)
        self.wanted: dict[UUID, Wanted] = {}
        self.back: dict[UUID, set[UUID]] = {}
        self.declined: dict[UUID, set[UUID]] = {}
        self.bounces: Counter[UUID] = Counter()
        self.assigned: set[UUID] = set()
        self.silent: set[UUID] = set()
        self.given: Counter[tuple[datetime, str, UUID]] = Counter()
        self.was: Counter[UUID | None] = Counter()
        self.would: Counter[UUID | None] = Counter()
        self.differences: list[Difference] = []

    @property
    def choices(self) -> int:
        """How many choices there were."""
        return sum(self.was.values())

    def follow(self, told: Happened, since: datetime) -> None:
        """Take the next event in; a choice from `since` on is made again."""
        match told.event:
            case of_requests.RequestSubmitted() | of_requests.RequestChosen() as chose:
                self.wanted[chose.request_id] = _wanted(chose)
            case of_requests.RequestBounced(request_id=request_id, partner_id=UUID() as partner):
                self._sent_back(request_id, partner)
            case of_requests.OfferWithdrawn(
                request_id=request_id, partner_id=UUID() as partner, reason="lapsed"
            ):
                self._sent_back(request_id, partner)
            case of_requests.RequestRuled(request_id=request_id, ruling="assigned"):
                self.assigned.add(request_id)
            case of_requests.RequestRuled(request_id=request_id, ruling="opened"):
                if self.bounces[request_id] < LIMIT_OF_BOUNCES:
                    self._choose(told, None, since)
            case of_requests.RequestOffered(request_id=request_id, partner_id=UUID() as partner):
                if request_id in self.assigned:  # 专家中心 chose, by no rule
                    self.assigned.discard(request_id)
                    self._give(told, partner)
                else:
                    self._choose(told, partner, since)
            case _:
                self._beside(told.event)

    def _beside(self, event: Any) -> None:
        """What is no choice itself and makes a later one another."""
        match event:
            case of_requests.RequestDeclined(request_id=request_id, partner_id=UUID() as partner):
                self.declined.setdefault(request_id, set()).add(partner)
            case of_partners.OfPartner():
                self._health(event)

    def _health(self, event: of_partners.OfPartner) -> None:
        if isinstance(event, of_partners.PartnerFellSilent):
            self.silent.add(event.partner_id)
        else:
            self.silent.discard(event.partner_id)

    def _sent_back(self, request_id: UUID, partner: UUID) -> None:
        self.back.setdefault(request_id, set()).add(partner)
        self.bounces[request_id] += 1

    def _choose(self, told: Happened, was: UUID | None, since: datetime) -> None:
        if told.at < since:
            return
        choice = self._choice(told)
        would = choice.partner_id
        self.was[was] += 1
        self.would[would] += 1
        if would is not None:
            self._give(told, would)
        if would != was:
            why = {c.partner_id: c.why for c in choice.considered}
            reason = why.get(was, "规则中没有这一单位") if was else None
            event = told.event
            self.differences.append(
                Difference(
                    told.at, event.request_id, event.offering, told.region, was, would, reason
                )
            )

    def _choice(self, told: Happened) -> Choice:
        event, chain = told.event, self.places.chain(told.region)
        back = self.back.get(event.request_id, set())
        declined = self.declined.get(event.request_id, set())
        wanted = self.wanted.get(event.request_id, NOBODY_NAMED)
        candidates = [
            candidate_of(
                rule,
                self.names.get(rule.partner_id, ""),
                self._given(told, rule.partner_id),
                sent_back=rule.partner_id in back,
                declined=rule.partner_id in declined,
                silent=rule.partner_id in self.silent,
            )
            for rule in self.by_offering.get(event.offering, ())
            if rule.region in chain
        ]
        return choose(candidates, chain=chain, now=told.at, wanted=wanted)

    def _given(self, told: Happened, partner: UUID) -> Given:
        day, month = starts_of(told.at)
        offering = told.event.offering
        of_day = self.given[day, offering, partner]
        # On the first of a month both spans begin at the same instant, and hold the same.
        return Given(of_day, of_day if day == month else self.given[month, offering, partner])

    def _give(self, told: Happened, partner: UUID) -> None:
        for span in set(starts_of(told.at)):
            self.given[span, told.event.offering, partner] += 1


def _wanted(chose: of_requests.RequestSubmitted | of_requests.RequestChosen) -> Wanted:
    """The holder's choice as the log has it; before there were several it named one."""
    named = chose.wanted_ids
    if not named and isinstance(chose, of_requests.RequestSubmitted) and chose.wanted_id:
        named = (chose.wanted_id,)
    return Wanted(tuple(str(each) for each in named), chose.wanted_others)
