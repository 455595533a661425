from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from service.requests.routing import WHY, Candidate, Choice, Wanted, choose

MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday, 10:00 in Shanghai
NIGHT = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
CHAIN = ("370102", "370100", "370000")


def one(number: int, region: str = "370100", **given: Any) -> Candidate:
    plain: dict[str, Any] = {"rank": 1, "share": 1}
    return Candidate(
        partner_id=UUID(int=number), name=f"单位{number}", region=region, **(plain | given)
    )


def chosen(*candidates: Candidate, now: datetime = MORNING, wanted: tuple[str, ...] = ()) -> int:
    choice = choose(candidates, chain=CHAIN, now=now, wanted=Wanted(wanted))
    return choice.partner_id.int if choice.partner_id else 0


def why(choice: Choice, number: int) -> str | None:
    return next(c.reason for c in choice.considered if c.partner_id.int == number)


def test_the_nearest_region_wins_over_a_better_rank_farther_away() -> None:
    near, far = one(2, "370102", rank=5), one(1, "370100", rank=1)
    assert chosen(far, near) == 2
    assert why(choose([far, near], chain=CHAIN, now=MORNING), 1) == "farther"


def test_where_no_near_one_is_able_it_goes_upward() -> None:
    assert chosen(one(1, "370102", sent_back=True), one(2, "370000")) == 2


def test_the_lower_rank_wins_then_the_smaller_part_of_the_share() -> None:
    assert chosen(one(1, rank=2), one(2, rank=1)) == 2
    assert chosen(one(1, share=2, given_today=1), one(2, share=1, given_today=1)) == 1
    assert chosen(one(1, share=2, given_today=3), one(2, share=1, given_today=1)) == 2


def test_shares_are_kept_over_a_day() -> None:
    given = {1: 0, 2: 0}
    for _ in range(30):
        got = chosen(one(1, share=2, given_today=given[1]), one(2, share=1, given_today=given[2]))
        given[got] += 1
    assert given == {1: 20, 2: 10}


def test_who_has_no_share_comes_last_but_is_not_left_out() -> None:
    assert chosen(one(1, share=0), one(2, given_today=99)) == 2
    assert chosen(one(1, share=0)) == 1


def test_a_full_day_passes_over() -> None:
    full, free = one(1, daily_capacity=3, given_today=3), one(2, rank=9)
    assert chosen(full, free) == 2
    assert why(choose([full, free], chain=CHAIN, now=MORNING), 1) == "full"
    assert chosen(one(1, daily_capacity=3, given_today=2)) == 1


def test_opening_hours_order_but_do_not_exclude() -> None:
    shut = one(1, opens_at=time(13), closes_at=time(17))
    assert chosen(shut, one(2, given_today=50)) == 2
    assert chosen(shut) == 1
    assert chosen(shut, now=NIGHT) == 1


def test_a_route_holds_only_between_its_days() -> None:
    today = date(2026, 3, 2)
    assert chosen(one(1, valid_to=today)) == 1
    assert chosen(one(1, valid_to=date(2026, 3, 1))) == 0
    assert chosen(one(1, valid_from=date(2026, 3, 3))) == 0


def test_the_holders_choice_binds() -> None:
    assert chosen(one(1), one(2, rank=9), wanted=("单位2",)) == 2
    assert chosen(one(1), one(2), wanted=(str(UUID(int=2)),)) == 2
    assert chosen(one(1), one(2, sent_back=True), wanted=("单位2",)) == 0


def test_everybody_passed_over_is_told_why_in_chinese() -> None:
    choice = choose(
        [one(1), one(2, rank=2), one(3, "371000"), one(4, sent_back=True)],
        chain=CHAIN,
        now=MORNING,
    )
    reasons = {c.partner_id.int: c.reason for c in choice.considered}
    assert reasons == {1: None, 2: "ranked_below", 3: "elsewhere", 4: "sent_back"}
    assert all(c.why == WHY[c.reason] for c in choice.considered if c.reason)


candidates = st.lists(
    st.builds(
        one,
        st.integers(1, 9),
        st.sampled_from([*CHAIN, "371000"]),
        rank=st.integers(1, 3),
        share=st.integers(0, 3),
        given_today=st.integers(0, 4),
        daily_capacity=st.none() | st.integers(0, 4),
        opens_at=st.none() | st.just(time(9)),
        closes_at=st.none() | st.just(time(17)),
        sent_back=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda c: c.partner_id,
)


@given(candidates, st.randoms(), st.sampled_from([MORNING, NIGHT]))
def test_the_same_data_in_any_order_give_the_same_choice(
    given: list[Candidate], shuffle: Any, now: datetime
) -> None:
    again = list(given)
    shuffle.shuffle(again)
    assert choose(given, chain=CHAIN, now=now) == choose(again, chain=CHAIN, now=now)


@given(candidates, st.sampled_from([MORNING, NIGHT]))
def test_who_is_chosen_is_able_and_each_other_has_a_reason(
    given: list[Candidate], now: datetime
) -> None:
    choice = choose(given, chain=CHAIN, now=now)
    able = [
        c
        for c in given
        if c.region in CHAIN
        and not c.sent_back
        and (c.daily_capacity is None or c.given_today < c.daily_capacity)
    ]
    assert (choice.partner_id is not None) == bool(able)
    assert choice.partner_id is None or choice.partner_id in {c.partner_id for c in able}
    assert len(choice.considered) == len(given)
    assert all(c.chosen or c.reason in WHY for c in choice.considered)
