"""相同服务不重复享受 (guide.md 3.2): one card for a service, one of two offerings."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from service.offerings import catalogue
from service.offerings.entitlement import (
    Facts,
    Gift,
    Terms,
    against,
    exclusions_of,
    explained,
    rival_of,
    use_of,
)
from service.reference.tables import BadTable
from tests.service.offerings.test_catalogue import LATER, shipped

CODE = "TR-01"
OURS = Terms(12, 1)
limits = st.none() | st.integers(0, 400)
companions = st.integers(0, 3)
terms = st.builds(Terms, limits, companions)
gifts = st.lists(st.builds(Gift, limits, companions, st.just("青岛市人才卡")), max_size=3)


def facts(*gift: Gift, **more: Any) -> Facts:
    return Facts(gifts={CODE: gift}, **more)


def by(found: Facts, own: Terms = OURS) -> str | None:
    use = use_of(CODE, own, found)
    return use.by if use else None


def test_without_another_card_there_is_nothing_to_decide() -> None:
    assert use_of(CODE, OURS, Facts()) is None
    assert against(CODE, "municipal-card", OURS, Facts()) is None


@pytest.mark.parametrize(
    ("gift", "better"),
    [
        (Gift(24, 1), "municipal"),
        (Gift(12, 2), "municipal"),
        (Gift(None, 0), "municipal"),
        (Gift(12, 1), "province"),
        (Gift(12, 0), "province"),
        (Gift(6, 3), "province"),
    ],
)
def test_the_yearly_limit_decides_then_the_companions_then_ours(gift: Gift, better: str) -> None:
    assert by(facts(gift)) == better
    excluded = against(CODE, "municipal-card", OURS, facts(gift))
    assert excluded == ("municipal-card" if better == "municipal" else None)


def test_an_offering_that_does_not_exclude_is_had_beside_the_other_card() -> None:
    assert against(CODE, None, OURS, facts(Gift(24, 1))) is None
    assert against(CODE, "HO-02", OURS, facts(Gift(24, 1))) is None


def test_a_choice_stands_before_the_rule_and_a_first_use_before_both() -> None:
    more = Gift(24, 1)
    assert by(facts(more, choices={CODE: "province"})) == "province"
    assert by(facts(Gift(6, 0), choices={CODE: "municipal"})) == "municipal"
    for had in ({"used": {CODE: 1}}, {"taken": frozenset({CODE})}):
        assert by(facts(more, **had)) == "province"
        assert by(facts(more, choices={CODE: "municipal"}, **had)) == "province"
    assert by(facts(more, used={CODE: 0, "TR-02": 3})) == "municipal"


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            facts(Gift(24, 1, "青岛市人才卡")),
            "青岛市人才卡每年 24 次、可带 1 人,惠才卡每年 12 次、可带 1 人,"
            "按不重复享受原则使用前者。",
        ),
        (
            facts(Gift(6, 0, "济南市人才卡")),
            "惠才卡每年 12 次、可带 1 人,济南市人才卡每年 6 次,按不重复享受原则使用前者。",
        ),
        (
            facts(Gift(12, 1, "济南市人才卡")),
            "惠才卡每年 12 次、可带 1 人,济南市人才卡相同,按不重复享受原则使用惠才卡。",
        ),
        (
            facts(Gift(6, 0, "济南市人才卡", "100000"), choices={CODE: "municipal"}),
            "惠才卡每年 12 次、可带 1 人,济南市人才卡每年 6 次、100000 元,"
            "今年按您的选择使用济南市人才卡。",
        ),
        (
            facts(Gift(24, 1, "青岛市人才卡"), used={CODE: 1}),
            "今年已用惠才卡享受此项,按不重复享受原则,本年度内不能改用青岛市人才卡。",
        ),
    ],
)
def test_it_is_explained_in_one_sentence(found: Facts, sentence: str) -> None:
    use = use_of(CODE, OURS, found)
    assert use is not None
    assert explained(use, OURS, "times") == sentence


@given(terms, gifts)
def test_the_best_of_two_is_never_worse_than_either(own: Terms, given_by: list[Gift]) -> None:
    use = use_of(CODE, own, facts(*given_by))
    if use is None:
        assert not given_by
        return
    used = use.gift if use.by == "municipal" else own
    assert used.worth >= own.worth
    assert all(used.worth >= gift.worth for gift in given_by)
    assert explained(use, own, "times").endswith("。")


@given(st.integers(0, 2), st.booleans(), st.integers(0, 2), st.booleans())
def test_of_two_that_exclude_one_another_what_was_had_excludes_the_other(
    used_a: int, taken_a: bool, used_b: int, taken_b: bool
) -> None:
    taken = {code for code, has in (("A", taken_a), ("B", taken_b)) if has}
    found = Facts(used={"A": used_a, "B": used_b}, taken=frozenset(taken))
    for one, other in ("AB", "BA"):
        excluded = against(one, other, Terms(), found) == "exclusive"
        assert excluded is found.has_had(other)
        assert rival_of(frozenset({other}), found) == (other if excluded else None)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (None, set()),
        ("-", set()),
        ("municipal-card", {"municipal-card"}),
        ("HO-02; municipal-card", {"HO-02", "municipal-card"}),
        ("HO-02,HO-03", {"HO-02", "HO-03"}),
    ],
)
def test_the_column_names_cards_and_offerings(text: str | None, named: set[str]) -> None:
    assert exclusions_of(text) == named


async def test_whoever_writes_it_down_exclusion_goes_both_ways(session: AsyncSession) -> None:
    rows = await shipped(session)
    for row in rows:
        if row["code"] == "HO-01":
            row["exclusive_with"] = "municipal-card;HO-02"
    await catalogue.apply_catalogue(session, rows, LATER)
    newest = await catalogue._newest_versions(session)
    assert newest["HO-01"].exclusive_with == "HO-02;municipal-card"
    assert newest["HO-02"].exclusive_with == "HO-01;municipal-card"
    assert newest["HO-01"].version == newest["HO-02"].version == 2
    assert newest["HO-03"].version == 1


@pytest.mark.parametrize("text", ["XX-99", "HO-01", "municipal-card;XX-99"])
async def test_what_excludes_must_be_there_and_be_another(session: AsyncSession, text: str) -> None:
    rows = await shipped(session)
    for row in rows:
        if row["code"] == "HO-01":
            row["exclusive_with"] = text
    with pytest.raises(BadTable):
        await catalogue.apply_catalogue(session, rows, LATER)
