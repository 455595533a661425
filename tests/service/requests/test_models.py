from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from service.problems import WrongState
from service.requests.models import Dispatch, Request
from service.requests.states import ACTS, ENDED, Party, State
from tests.service.requests.make import NOON, partner_of, request

VERBS: dict[str, tuple[Party, Callable[[Request], Any]]] = {
    "accept": (Party.PARTNER, lambda r: r.accept(NOON, NOON)),
    "bounce": (Party.PARTNER, lambda r: r.bounce("no_capacity")),
    "ask": (Party.PARTNER, lambda r: r.ask(["户口簿"], NOON, NOON)),
    "publicity": (Party.PARTNER, lambda r: r.begin_publicity(NOON.date(), NOON.date())),
    "progress": (Party.PARTNER, lambda r: r.progress()),
    "complete": (
        Party.PARTNER,
        lambda r: r.complete("granted", {}, None, in_time=True, now=NOON),
    ),
    "withdraw": (Party.HOLDER, lambda r: r.withdraw(NOON)),
    "answers": (Party.HOLDER, lambda r: r.answer({}, NOON)),
    "assign": (Party.CENTRE, lambda r: r.rule_assigned(uuid4())),
    "end": (Party.CENTRE, lambda r: r.rule_ended("无单位可办", NOON)),
}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("act", list(VERBS))
def test_each_act_is_done_exactly_where_the_table_opens_it(act: str, state: State) -> None:
    party, verb = VERBS[act]
    row = request(state)
    if act in ACTS[party].get(state, ()):
        assert verb(row).request_id == row.id
        return
    with pytest.raises(WrongState) as refusal:
        verb(row)
    assert refusal.value.members() == {"state": state, "allowed": list(row.acts(party))}
    assert row.state is state


@pytest.mark.parametrize("state", ENDED)
def test_nothing_can_be_done_to_a_request_that_has_ended(state: State) -> None:
    row = request(state)
    assert [row.acts(party) for party in Party] == [(), (), ()]
    assert not row.is_open


def test_only_an_offered_request_can_be_accepted() -> None:
    row = request(State.COMPLETED)
    with pytest.raises(WrongState) as refusal:
        row.accept(due_at=NOON, now=NOON)
    assert refusal.value.members() == {"state": "completed", "allowed": []}
    assert row.state is State.COMPLETED


def test_an_offer_goes_to_one_partner_and_only_while_nobody_has_it() -> None:
    row = request()
    offer = Dispatch(id=uuid4(), partner_id=uuid4())
    event = row.offer(offer, NOON)
    assert (row.state, row.partner_id) == (State.OFFERED, offer.partner_id)
    assert (event.partner_id, event.dispatch_id) == (offer.partner_id, offer.id)
    with pytest.raises(WrongState):
        row.offer(Dispatch(id=uuid4(), partner_id=uuid4()), NOON)


def test_a_correction_is_asked_for_once() -> None:
    row = request(State.ACCEPTED)
    assert row.ask(["户口簿首页", "无房证明"], NOON, NOON).items == 2
    row.answer({"note": "已补"}, NOON)
    assert "ask" not in row.acts(Party.PARTNER)
    with pytest.raises(WrongState) as refusal:
        row.ask(["又一项"], NOON, NOON)
    assert refusal.value.allowed == ["publicity", "progress", "complete", "messages"]


def test_a_bounce_names_the_former_partner_and_leaves_the_request_without_one() -> None:
    row = request(State.OFFERED)
    former = partner_of(row)
    event = row.bounce("out_of_region")
    assert (event.partner_id, event.reason, event.bounces) == (former, "out_of_region", 1)
    assert (row.state, row.partner_id) == (State.ROUTING, None)


def test_the_third_bounce_or_lapse_is_for_the_centre_to_rule() -> None:
    row = request(State.OFFERED, bounces=1)
    row.bounce("other")
    assert not row.bounced_out
    row.offer(Dispatch(id=uuid4(), partner_id=uuid4()), NOON)
    event = row.lapse(uuid4())
    assert (event.reason, row.bounces, row.bounced_out) == ("lapsed", 3, True)
    assert row.open_ruling().ruling == "opened"
    assert row.state is State.IN_RULING


def test_a_retracted_offer_tells_the_partner_that_had_it() -> None:
    row = request(State.OFFERED)
    former = partner_of(row)
    assert row.retract(uuid4(), "withdrawn").partner_id == former
    assert row.withdraw(NOON).partner_id is None
    assert row.ended_at == NOON


def test_a_partner_that_accepted_keeps_sight_of_a_withdrawn_request() -> None:
    row = request(State.ACCEPTED)
    assert row.withdraw(NOON).partner_id == partner_of(row)


def test_an_ended_ruling_counts_for_nobody() -> None:
    row = request(State.IN_RULING, partner_id=None)
    assert row.rule_ended("无单位可办", NOON).ruling == "ended"
    assert (row.state, row.outcome, row.outcome_reason) == (State.EXPIRED, None, "无单位可办")


def test_only_an_unanswered_correction_expires() -> None:
    row = request(State.ACCEPTED)
    with pytest.raises(WrongState):
        row.expire(NOON)
    row = request(State.AWAITING_CORRECTION)
    row.expire(NOON)
    assert (row.state, row.ended_at) == (State.EXPIRED, NOON)


def test_events_hold_no_words_that_somebody_wrote() -> None:
    row = request(State.ACCEPTED)
    event = row.complete("declined", {}, "申请人张三不符合条件", in_time=True, now=NOON)
    assert "张三" not in repr(event)
    row = request(State.IN_RULING)
    assert "张三" not in repr(row.rule_ended("张三已离省", NOON))
