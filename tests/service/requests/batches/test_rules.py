"""The order: published keys, then the draw; nothing else (ADR 0022)."""

import hashlib
import hmac
import subprocess
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.requests.batches.rules import (
    Fact,
    Key,
    Queued,
    Standing,
    commitment,
    draw,
    is_tie,
    measure,
    next_in_line,
    order,
    ranked,
)

SEED = "5e" * 32
TIER = Key("tier")
SIZE = Key("form", field="family_size", largest_first=True)
ARRIVED = Key("form", field="arrived_on")
LAYOUT = Key("form", field="layout", values=("studio", "one_bedroom"))
RULE = (TIER, SIZE, ARRIVED, LAYOUT)


def standing(number: int, group: str = "", **facts: Fact) -> Standing:
    return Standing(UUID(int=number), group, facts)


@pytest.mark.parametrize(
    ("key", "first", "second"),
    [
        (TIER, 1, 5),
        (SIZE, 5, 2),
        (ARRIVED, "2024-02-29", "2024-03-01"),
        (LAYOUT, "studio", "one_bedroom"),
        (Key("form", field="has_local_home"), False, True),
        (Key("form", field="has_local_home", largest_first=True), True, False),
        (Key("people"), 3, 0),
        (ARRIVED, "2024-03-01", None),
        (SIZE, 1, None),
        (LAYOUT, "one_bedroom", "palace"),
        (ARRIVED, "2024-03-01", "spring"),
    ],
)
def test_what_comes_first(key: Key, first: Fact, second: Fact) -> None:
    assert measure(key, first) < measure(key, second)


def test_an_earlier_key_decides_before_a_later_one() -> None:
    high = standing(1, tier=1, family_size=1)
    many = standing(2, tier=2, family_size=9)
    assert order((TIER, SIZE), SEED, [many, high]) == [high, many]
    assert order((SIZE, TIER), SEED, [many, high]) == [many, high]


def test_anybody_recomputes_the_draw_with_tools_at_hand() -> None:
    """As ADR 0022 says it: openssl and sha256sum."""
    request = uuid4()
    mac = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{SEED}"]
    said = subprocess.run(mac, input=str(request), capture_output=True, text=True, check=True)
    assert said.stdout.split()[-1] == draw(SEED, request)
    summed = subprocess.run(["sha256sum"], input=SEED, capture_output=True, text=True, check=True)
    assert summed.stdout.split()[0] == commitment(SEED)
    assert hmac.new(bytes.fromhex(SEED), str(request).encode(), hashlib.sha256).hexdigest() == draw(
        SEED, request
    )


Facts = st.fixed_dictionaries(
    {
        "tier": st.integers(1, 3),
        "family_size": st.one_of(st.none(), st.integers(1, 3)),
        "arrived_on": st.one_of(st.none(), st.sampled_from(["2024-01-01", "2025-06-30"])),
        "layout": st.one_of(st.none(), st.sampled_from(["studio", "one_bedroom", "other"])),
    }
)
People = st.lists(
    st.tuples(st.uuids(), st.sampled_from(["a", "b"]), Facts), unique_by=lambda each: each[0]
).map(lambda rows: [Standing(*row) for row in rows])
Seeds = st.binary(min_size=32, max_size=32).map(bytes.hex)


@given(people=People, seed=Seeds, data=st.data())
def test_the_same_seed_makes_the_same_order_however_they_come(
    people: list[Standing], seed: str, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(people))
    assert order(RULE, seed, shuffled) == order(RULE, seed, people)
    assert sorted(ranked(RULE, seed, people)) == sorted(each.request_id for each in people)


@given(people=People, one=Seeds, other=Seeds)
def test_the_draw_decides_between_equals_only(people: list[Standing], one: str, other: str) -> None:
    """Whatever the seed, whoever is better by the rule stands before who is worse."""

    def merit(each: Standing) -> list[int]:
        return [measure(key, each.facts.get(key.name)) for key in RULE]

    first, second = order(RULE, one, people), order(RULE, other, people)
    assert [merit(each) for each in first] == [merit(each) for each in second]
    for before, after in pairwise(first):
        if is_tie(RULE, before, after):
            assert draw(one, before.request_id) < draw(one, after.request_id)
        else:
            assert merit(before) < merit(after)


@given(people=People, seed=Seeds)
def test_each_group_has_its_own_places_from_one_on(people: list[Standing], seed: str) -> None:
    places = ranked(RULE, seed, people)
    for group in ("a", "b"):
        own = sorted(places[each.request_id] for each in people if each.group == group)
        assert own == list(range(1, len(own) + 1))


@given(people=People, seed=Seeds, data=st.data())
def test_a_correction_moves_only_whom_it_concerns(
    people: list[Standing], seed: str, data: st.DataObject
) -> None:
    """The others keep their order among themselves: same rule, same seed."""
    if not people:
        return
    wrong = data.draw(st.sampled_from(people))
    right = Standing(wrong.request_id, wrong.group, {**wrong.facts, "tier": 1})
    after = [right if each is wrong else each for each in people]

    def rest(found: list[Standing]) -> list[UUID]:
        return [each.request_id for each in found if each.request_id != wrong.request_id]

    assert rest(order(RULE, seed, after)) == rest(order(RULE, seed, people))


Answers = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["yes", "no", "silent", "gone"])))


@given(
    quotas=st.dictionaries(st.sampled_from("ab"), st.integers(0, 3)),
    people=st.lists(st.sampled_from("ab"), max_size=10),
    answers=Answers,
)
def test_nobody_has_a_place_before_somebody_ahead_who_wants_one(
    quotas: dict[str, int], people: list[str], answers: list[tuple[int, str]]
) -> None:
    """Whatever they answer and whoever leaves, in whatever order; and never more than there are."""
    waiting = {UUID(int=n): Queued(UUID(int=n), g, n) for n, g in enumerate(people, 1)}
    seated: dict[UUID, tuple[str, int]] = {}
    for pick, answer in [(0, "start"), *answers]:
        out = list(seated) + (list(waiting) if answer == "gone" else [])
        if out and answer in ("no", "silent", "gone"):
            gone = out[pick % len(out)]
            seated.pop(gone, None)
            waiting.pop(gone, None)
        for entry_id, seat in next_in_line(quotas, set(seated.values()), waiting.values()):
            seated[entry_id] = (waiting.pop(entry_id).group, seat)
        assert len(set(seated.values())) == len(seated)
        for group in "ab":
            mine = [each for each, (other, _) in seated.items() if other == group]
            queue = [each.entry_id for each in waiting.values() if each.group == group]
            assert len(mine) <= quotas.get(group, 0)
            assert not queue or len(mine) == quotas.get(group, 0)
            assert not queue or not mine or max(mine) < min(queue)
