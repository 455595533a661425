"""派单 as the service does it: the same choice, over what the run itself has given out so far."""

from collections import Counter, deque
from datetime import datetime
from uuid import UUID

from local.simulation.journey import Journey
from local.simulation.world import World
from service.requests import health
from service.requests.routing import Choice, choose
from service.requests.states import Ended
from service.requests.weighing import Given, candidate_of, starts_of


class Desk:
    """What each partner was given, and who answers (routing.weigh, health)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._given: Counter[tuple[datetime, str, UUID]] = Counter()
        self._ends: dict[UUID, deque[str]] = {}
        self._silent: set[UUID] = set()

    def weigh(self, journey: Journey, now: datetime, *, forgiving: bool = False) -> Choice:
        """Who would get it now; `forgiving`: 专家中心 may name who sent it back."""
        request = journey.request
        chain, day_and_month = self.world.chain(request.region), starts_of(now)
        sent_back = {
            row.partner_id
            for row in journey.dispatches
            if row.end in (Ended.BOUNCED, Ended.LAPSED) and not forgiving
        }
        candidates = [
            candidate_of(
                rule,
                self.world.by_id[rule.partner_id].name,
                Given(
                    *(self._given[at, request.offering, rule.partner_id] for at in day_and_month)
                ),
                sent_back=rule.partner_id in sent_back,
                declined=False,
                silent=rule.partner_id in self._silent,
            )
            for rule in self.world.rules[request.offering]
            if rule.region in chain
        ]
        return choose(candidates, chain=chain, now=now)

    def note_offer(self, journey: Journey, now: datetime) -> None:
        """An offer was made."""
        partner_id = journey.dispatches[-1].partner_id
        for begin in set(starts_of(now)):
            self._given[begin, journey.request.offering, partner_id] += 1

    def note_lapse(self, journey: Journey, now: datetime) -> None:
        """An offer ran out (health.note_lapse)."""
        partner_id = journey.dispatches[-1].partner_id
        last = self._ends.setdefault(partner_id, deque(maxlen=health.SILENT_AFTER))
        last.append(Ended.LAPSED)
        if health.fell_silent(list(last)):
            if partner_id not in self._silent:
                journey.tally.count("fell_silent", partner_id, now)
            self._silent.add(partner_id)

    def note_answer(self, journey: Journey) -> None:
        """One was accepted or bounced (health.note_answer)."""
        partner_id = journey.dispatches[-1].partner_id
        last = self._ends.setdefault(partner_id, deque(maxlen=health.SILENT_AFTER))
        last.append(Ended.ACCEPTED)
        self._silent.discard(partner_id)
