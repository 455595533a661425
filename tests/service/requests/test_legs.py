"""A request's time in legs that touch (time.md L1)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.requests.legs import Course, Leg, cut, faults

START = datetime(2026, 3, 2, 2, tzinfo=UTC)


def after(microseconds: int) -> datetime:
    return START + timedelta(microseconds=microseconds)


def offer(begin: int, end: int, number: int = 1) -> Leg:
    return Leg(leg="acceptance", begin=after(begin), end=after(end), round=number)


def pause(begin: int, end: int, reason: str = "correction") -> Leg:
    return Leg(leg="pause", begin=after(begin), end=after(end), reason=reason)


def course(until: int, *known: Leg, accepted: int | None = None, submitted: int = 0) -> Course:
    return Course(
        submitted_at=after(submitted),
        accepted_at=None if accepted is None else after(accepted),
        until=after(until),
        offers=tuple(leg for leg in known if leg.leg == "acceptance"),
        pauses=tuple(leg for leg in known if leg.leg == "pause"),
    )


def test_l1_a_bounced_corrected_request_is_cut_at_every_turn() -> None:
    told = course(
        100, offer(1, 10), offer(12, 20, 2), pause(30, 45), pause(45, 60, "publicity"), accepted=20
    )
    legs = cut(told)
    assert [(leg.leg, leg.microseconds) for leg in legs] == [
        ("routing", 1), ("acceptance", 9), ("routing", 2), ("acceptance", 8), ("handling", 10),
        ("pause", 15), ("pause", 15), ("handling", 40),
    ]  # fmt: skip
    assert faults(told, legs) == []


def test_a_ruling_between_offers_is_a_pause_not_routing() -> None:
    told = course(50, offer(0, 10), pause(10, 30, "ruling"), offer(30, 50, 2))
    assert [leg.leg for leg in cut(told)] == ["acceptance", "pause", "acceptance"]
    assert faults(told, cut(told)) == []


def test_a_request_ended_at_once_has_no_legs_and_no_faults() -> None:
    assert cut(course(0)) == []
    assert faults(course(0), []) == []


def test_overlaps_gaps_and_ends_that_do_not_meet_are_faults() -> None:
    overlapping = course(50, offer(0, 20), offer(10, 50, 2))
    assert any("overlap" in fault for fault in faults(overlapping, cut(overlapping)))
    late = course(50, offer(0, 60))
    assert any("the legs end at" in fault for fault in faults(late, cut(late)))
    early = course(50, offer(0, 20), submitted=5)
    assert any("overlap" in fault for fault in faults(early, cut(early)))
    lost = course(50, offer(0, 20), accepted=25)
    assert any("no offer ended" in fault for fault in faults(lost, cut(lost)))
    holey = [*cut(course(50, offer(0, 20)))[:1], pause(30, 50)]
    assert any("gap" in fault for fault in faults(course(50, offer(0, 20)), holey))


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=12).map(sorted), st.data())
def test_l1_legs_of_any_orderly_story_add_up_to_the_microsecond(
    marks: list[int], data: st.DataObject
) -> None:
    accepts = data.draw(st.integers(0, len(marks) // 2 - 1))
    stretches = list(zip(marks[::2], marks[1::2], strict=False))
    known = [
        offer(begin, end, n + 1) if n <= accepts else pause(begin, end)
        for n, (begin, end) in enumerate(stretches)
    ]
    until = data.draw(st.integers(marks[-1], 2 * 10**12))
    told = course(until, *known, accepted=stretches[accepts][1])
    legs = cut(told)
    assert faults(told, legs) == []
    assert sum(leg.microseconds for leg in legs) == until
